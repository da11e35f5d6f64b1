/**
 * The files that `init` writes besides the receiver: configuration, settings, pipeline.
 *
 * @module
 */
import packageJson from '../../../package.json' with { type: 'json' };
import { CONFIG_FILE } from '../verify/config-name.ts';
import type { Framework } from './frameworks.ts';

const configuration = ({ port, start, startIsExample }: Framework): string =>
  `${JSON.stringify(
    {
      url: `http://localhost:${port}/webhooks/sendemall`,
      ...(startIsExample === true ? {} : { exec: start }),
      secret: '${SENDEMALL_SECRET}',
      clock: 'realtime',
      effectsUrl: `http://localhost:${port}/test/effects/{id}`,
      failOn: 'should',
    },
    null,
    2,
  )}\n`;

const settings = (howTo: string): string => `# ${howTo} Keep .env out of version control.

# The webhook's signing secret. The receiver and sendemall-mock share it.
SENDEMALL_SECRET=whsec_your-signing-secret

# Only for tests: opens /test/effects/{id}, so that verify sees which events took effect.
SENDEMALL_TEST_HOOKS=1
`;

const workflow = ({ install, start, port, setup }: Framework): string =>
  [
    'name: webhooks',
    'on: [push]',
    'permissions:',
    '  contents: read',
    'jobs:',
    '  webhooks:',
    '    runs-on: ubuntu-latest',
    '    env:',
    '      # Shared by the receiver and the suite; any value will do here.',
    '      SENDEMALL_SECRET: whsec_only-for-this-pipeline',
    "      SENDEMALL_TEST_HOOKS: '1'",
    '      # The image of sendemall-mock, pushed to a registry of yours.',
    `      IMAGE: ghcr.io/your-org/sendemall-mock:${packageJson.version}`,
    '    steps:',
    '      - uses: actions/checkout@v4',
    `      - uses: ${setup.uses}`,
    '        with:',
    ...Object.entries(setup.with).map(([input, value]) => `          ${input}: '${value}'`),
    ...(install === null ? [] : [`      - run: ${install}`]),
    '      - name: Start the receiver',
    '        run: |',
    `          (${start}) &`,
    `          timeout 60 sh -c 'until curl --silent --output /dev/null http://localhost:${port}/; do sleep 1; done'`,
    '      - name: Verify the receiver',
    '        run: >-',
    '          docker run --rm --network host --env SENDEMALL_SECRET',
    '          --volume "$PWD:/data:ro" "$IMAGE" verify',
    '',
  ].join('\n');

/** Path in the user's folder, and content. */
export type File = readonly [path: string, content: string];

/** What the settings are copied from, and how. */
export const settingsOf = ({ readsSettings }: Framework): { file: string; copy: string } =>
  readsSettings === true
    ? { file: '.env.sendemall.example', copy: 'cat .env.sendemall.example >> .env' }
    : { file: '.env.example', copy: 'cp .env.example .env' };

export const filesBeside = (framework: Framework): readonly File[] => [
  [CONFIG_FILE, configuration(framework)],
  [
    settingsOf(framework).file,
    settings(framework.readsSettings === true ? 'Add this to .env.' : 'Copy this file to .env.'),
  ],
  ['.github/workflows/webhooks.yml', workflow(framework)],
];
