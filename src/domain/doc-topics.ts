/**
 * The pages of the documentation, for the command and for the server.
 *
 * @module
 */

/** What each page of `src/docs/` is about, in reading order. */
export const DOC_TOPICS = {
  sandbox: 'register, trigger, deliver; accounts; in code',
  inspector: 'the page at its URL: filter, clock, signature, forgeries',
  'http-api': 'the same with curl; every path',
  clock: 'retries in milliseconds: modes, advance',
  'campaigns-and-faults': 'simulated campaigns, scenarios, sender-side faults',
  verify: 'judge a receiver; options; every check',
  hooks: 'show the suite what a status code cannot; sinks',
  vitest: 'a sandbox in every test; other test runners',
  recipes: 'tests without Node: pytest, Go, JUnit, PHPUnit',
  'containers-and-ci': 'image, testcontainers, GitHub, GitLab',
  cluster: 'several nodes on one PostgreSQL',
  configuration: 'every option of serve, its default and its limits',
  troubleshooting: 'a signature that does not match; nothing arrives',
  'coming-from': 'Stripe CLI, ngrok, WireMock: what is called what',
  fidelity: 'what is documented and what is assumed',
  security: 'what it listens to, delivers to and never prints',
  figures: 'what was measured',
} as const;
