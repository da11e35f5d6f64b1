/**
 * `verify`: checks a receiver, in any language, against the contract.
 *
 * @module
 */
import { Command, Option } from '@commander-js/extra-typings';
import { examples, exitStatus, section } from '../help.ts';
import {
  apiKeyOption,
  gather,
  httpUrl,
  jsonOption,
  secretOption,
  wholeNumber,
} from '../options.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

const SECTIONS = [
  section(
    'Reports',
    'One report goes to stdout: pretty, unless --report names another format',
    'without =file. Any number go to files. Progress goes to stderr. In GitHub',
    'Actions, findings become annotations and the Markdown report is added to the',
    'job summary.',
  ),
  section(
    'Baseline',
    'A JSON file of known failures. They do not fail the run; an entry whose check',
    'passes does, so that it gets removed:',
    '  {"known": [{"id": "delivery/dup-seq", "reason": "until #123 is fixed"}]}',
  ),
  section(
    'Config file',
    'A JSON file with camelCase options, {"effectsUrl": "…", "failOn": "should"}.',
    'A .ts or .js module exports the same object as default, and may define hooks',
    'as functions. Paths are relative to the file. Flags take precedence, then the',
    'environment. A secret of "${NAME}" is read from that environment variable, or',
    'from .env beside the file. sendemall-mock.json is read without --config.',
  ),
  section(
    'Receiver process',
    'With --exec, verify starts the receiver in a process group of its own, waits',
    'for the port of the URL, restarts it where a check asks for it, and ends it.',
    'It gets SENDEMALL_SECRET (generated without --secret), SENDEMALL_API_URL and',
    'SENDEMALL_API_KEY of a sandbox, PORT and SENDEMALL_TEST_HOOKS=1 unless set,',
    'and in each --sink-env a URL to call in place of its CRM. What arrives there',
    "with the event id shows the event's effects; for the checks of failures, it",
    'responds with 503. A command of the config file runs only if nothing listens',
    'at the URL.',
  ),
  section(
    'Hooks',
    'Some requirements are only visible inside the receiver. Hooks expose its state',
    'and control it; checks that need a missing hook are reported as not tested.',
    'verify --hooks prints what each hook receives and returns.',
  ),
  exitStatus({
    0: 'passed: nothing that was tested fails the run',
    1: 'failed, or the baseline is stale',
    2: 'invalid usage, receiver unreachable, unreliable hook, or inconclusive',
    130: 'interrupted; the results so far are reported',
  }),
  examples(
    'export SENDEMALL_MOCK_SECRET=whsec_your-signing-secret',
    'sendemall-mock verify http://localhost:3000/webhooks/sendemall',
    'sendemall-mock verify http://localhost:3000/webhooks/sendemall \\',
    "  --only 'signature/*' --report junit=junit.xml",
    'sendemall-mock verify http://localhost:3000/webhooks/sendemall \\',
    "  --effects-url 'http://localhost:3000/test/effects/{id}'",
    'sendemall-mock verify --exec "flask run -p 5000" --sink-env CRM_URL \\',
    '  http://localhost:5000/webhooks/sendemall',
    'sendemall-mock verify --list',
  ),
].join('\n');

/** What is checked, and which findings fail the run. */
const selection = () =>
  new Command('verify')
    .optionsGroup('Selection:')
    .addOption(
      new Option(
        '--only <globs>',
        'run only these checks: names, IDs or globs, comma-separated (repeatable)',
      ).argParser(gather),
    )
    .addOption(new Option('--skip <globs>', 'skip these checks (repeatable)').argParser(gather))
    .addOption(
      new Option('--fail-on <level>', 'minimum level that fails the run (default: must)').choices([
        'must',
        'should',
      ] as const),
    )
    .option('--baseline <file>', 'file of known failures that do not fail the run')
    .option(
      '--failed',
      'run only the checks that failed in the last run against this URL from this directory',
    )
    .option('--watch', 'run the failed checks again when a file changes, or Enter is pressed')
    .option('--bail', 'stop at the first failure that fails the run')
    .option('--list', 'list the checks without running them')
    .option('--thorough', 'spend more time: more generated events, longer histories and pauses')
    .addOption(
      new Option(
        '--events <types>',
        'event types that have an effect in the receiver: replied,bounced (repeatable; default: learned)',
      ).argParser(gather),
    )
    .option(
      '--lead-email <address>',
      'a lead that the receiver knows, for events whose effect is checked',
    )
    .option('--examples <file>', 'replay saved events first: events as JSON, or a JSON report')
    .addOption(
      new Option(
        '--seed <number>',
        'repeat the run with this seed, event IDs included; clear stored IDs first',
      ).argParser(wholeNumber(0, 0xffff_ffff)),
    )
    .option(
      '--fresh-ids',
      'with --seed: use new event IDs and addresses, nothing stored need be cleared',
    );

type Selection = ReturnType<typeof selection>;

/** How requests reach the receiver, and how long everything may take. */
const withRequests = (command: Selection) =>
  command
    .optionsGroup('Requests:')
    .addOption(secretOption("the receiver's signing secret, 8 to 256 characters"))
    .addOption(
      new Option(
        '--header <line>',
        "header to add to every request, as 'Name: value' (repeatable)",
      ).argParser(gather),
    )
    .option('--insecure', 'accept any TLS certificate')
    .option('--timeout <duration>', 'timeout of a request (default: 10s, as in the contract)')
    .addOption(
      new Option(
        '--time <duration>',
        'time budget of the run, 1s to 24h; MUST checks run first if time is short (default: 5m, env: SENDEMALL_MOCK_TIME)',
      ),
    )
    .addOption(
      new Option('--concurrency <number>', 'checks that run in parallel (default: 8)').argParser(
        wholeNumber(1, 64),
      ),
    );

/** What lets the suite look into the receiver and control it. */
const withHooks = (command: ReturnType<typeof withRequests>) =>
  command
    .optionsGroup('Hooks:')
    .option('--hooks', 'print the contract of each hook without running checks')
    .option('--effects-url <url>', 'returns {"count": n}, the effects of the event {id} in the URL')
    .option(
      '--effects-sink <name>',
      'count effects in this sink of --sandbox-url, by event ID in the body',
    )
    .option('--state-url <url>', 'returns the stored state of the lead {lead_email} in the URL')
    .option('--fault-url <url>', 'makes processing fail: accepts {"fail": true} and false')
    .option('--restart-command <command>', 'kills and restarts the receiver')
    .option('--recover-url <url>', "runs the receiver's dead-letter recovery once")
    .option('--recover-command <command>', 'same as --recover-url, as a shell command')
    .option(
      '--pauses',
      'the receiver uses --sandbox-url as the provider and pauses campaigns there when bounces spike',
    );

/** A receiver that the suite starts itself. */
const withExec = (command: ReturnType<typeof withHooks>) =>
  command
    .optionsGroup('Receiver process:')
    .option(
      '--exec <command>',
      'start the receiver, restart it for the checks that need it, and end it: "flask run -p 5000"',
    )
    .addOption(
      new Option(
        '--sink-env <names>',
        "environment variables that get the URL of a sink: what the receiver calls there shows an event's effects (repeatable)",
      ).argParser(gather),
    )
    .option(
      '--secret-env <name>',
      'environment variable that gets the signing secret (default: SENDEMALL_SECRET)',
    )
    .option('--exec-timeout <duration>', 'time for the port to open (default: 30s)');

const withSandbox = (command: ReturnType<typeof withExec>) =>
  command
    .optionsGroup('Sandbox:')
    .addOption(
      new Option(
        '--sandbox-url <url>',
        'running sandbox for hooks that need one; start it with --no-rate-limit (default: a private one, env: SENDEMALL_MOCK_SANDBOX_URL)',
      ).argParser(httpUrl),
    )
    .addOption(apiKeyOption());

const withOutput = (command: ReturnType<typeof withSandbox>) =>
  command
    .optionsGroup('Options:')
    .option('--details', 'show whole texts, requests, responses and curl commands of findings')
    .option(
      '--config <file>',
      'read options from a config file: JSON, .ts or .js (default: sendemall-mock.json, if it exists)',
    )
    .addOption(
      new Option(
        '--report <format[=file]>',
        'pretty, json, junit, html, markdown, sarif or ctrf (repeatable)',
      ).argParser(gather),
    )
    .addOption(
      new Option(
        '--docs-url <url>',
        'where SARIF links to the page of each check, at /checks/<id> (default: the sandbox, which serves /docs)',
      ).argParser(httpUrl),
    )
    .addOption(jsonOption());

export const verify = (terminal: Terminal) =>
  withOutput(withSandbox(withExec(withHooks(withRequests(selection())))))
    .description(
      'Check a receiver against the contract, whatever language it is written in. Sends what the provider sends and what it never sends, and reports each deviation with its cause and a fix.',
    )
    .argument('[url]', "the receiver's URL, exactly as it would be registered", httpUrl)
    .addHelpText('after', SECTIONS)
    .action(async (url, options) => {
      const isPrivateSandbox =
        options.sandboxUrl === undefined &&
        terminal.env['SENDEMALL_MOCK_SANDBOX_URL'] === undefined;
      if (options.apiKey !== undefined && isPrivateSandbox) {
        throw new UsageError(
          '--api-key requires --sandbox-url: the private sandbox has its own key. Pass --sandbox-url, or remove --api-key.',
        );
      }
      const { runVerify } = await import('../verify/run.ts');
      await runVerify(url, options, terminal);
    });
