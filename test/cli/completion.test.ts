/**
 * Completion scripts, sourced by the shells that this machine has.
 *
 * @module
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, test } from 'vitest';
import { createMock } from '../../src/create-mock.ts';
import { shellWord } from '../../src/domain/shell.ts';
import { apiOf } from '../support/api.ts';
import { BIN, run } from './support.ts';
import { hasScript, programAtTerminal } from './terminal-support.ts';

const has = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;

describe.skipIf(!has('bash'))('bash', () => {
  let script = '';
  beforeAll(async () => {
    script = (await run(['completion', 'bash'])).stdout;
  });

  const complete = (line: string): string[] => {
    const words = line.split(' ');
    const { stdout, stderr } = spawnSync(
      'bash',
      [
        '-c',
        `eval "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); _sendemall_mock; printf '%s\\n' "\${COMPREPLY[@]}"`,
        script,
        ...words,
      ],
      { encoding: 'utf8', cwd: '/' },
    );
    expect(stderr).toBe('');
    return stdout.trim().split('\n');
  };

  test.each<[string, string[]]>([
    ['sendemall-mock dea', ['dead-letters']],
    ['sendemall-mock sinks answer --status /et', ['/etc']],
    ['sendemall-mock dead-letters re', ['redeliver']],
    ['sendemall-mock dead-letters redeliver --wa', ['--wait']],
    ['sendemall-mock serve --po', ['--port']],
    ['sendemall-mock veri', ['verify']],
    ['sendemall-mock verify --fail-on ', ['must', 'should']],
    ['sendemall-mock verify --base', ['--baseline']],
    ['sendemall-mock verify --baseline /et', ['/etc']],
    ['sendemall-mock trigger email.r', ['email.replied']],
    ['sendemall-mock deliveries list --status de', ['delivered', 'dead']],
    ['sendemall-mock deliveries --json li', ['list']],
    ['sendemall-mock deliveries list --filter is:f', ['is:forged', 'is:failed', 'is:faulty']],
    ['sendemall-mock tail --filter le', ['lead:']],
    ['sendemall-mock clock advance --until ', ['settled', 'next-attempt']],
    [
      'sendemall-mock spec ',
      ['asyncapi', 'openapi', 'sandbox', 'fidelity', '--yaml', '--json', '--help'],
    ],
    ['sendemall-mock sign /et', ['/etc']],
    ['sendemall-mock verify --only delivery/dup-s', ['delivery/dup-seq']],
    ['sendemall-mock verify --report ju', ['junit']],
    ['sendemall-mock clock set fr', ['frozen']],
    ['sendemall-mock serve --clock sk', ['skip']],
    ['sendemall-mock completion po', ['powershell']],
    ['sendemall-mock serve --db /et', ['/etc']],
  ])('%s', (line, expected) => {
    expect(complete(line)).toEqual(expected);
  });
});

test.skipIf(!has('bash'))('bash asks the sandbox for delivery IDs', async () => {
  await using mock = await createMock({ clock: 'frozen' });
  const api = apiOf(mock.url);
  await api.register('http://127.0.0.1:9/');
  await api.trigger();
  const folder = mkdtempSync(join(tmpdir(), 'sendemall-completion-'));
  writeFileSync(
    join(folder, 'sendemall-mock'),
    `#!/bin/sh\nexec ${process.execPath} ${BIN} "$@"\n`,
    { mode: 0o755 },
  );
  const { stdout: script } = await run(['completion', 'bash']);
  const child = spawn(
    'bash',
    [
      '-c',
      `eval "$0"; COMP_WORDS=("$@"); COMP_CWORD=3; _sendemall_mock; printf '%s\\n' "\${COMPREPLY[@]}"`,
      script,
      'sendemall-mock',
      'deliveries',
      'show',
      'dlv',
    ],
    {
      env: {
        PATH: [folder, process.env['PATH']].join(delimiter),
        SENDEMALL_MOCK_SANDBOX_URL: mock.url,
      },
    },
  );
  expect(await text(child.stdout)).toBe('dlv_1\n');
  rmSync(folder, { recursive: true });
});

/** What is typed before Tab, and what the line is then; each has one completion. */
const COMPLETED: readonly (readonly [typed: string, completed: string])[] = [
  ['dea', 'dead-letters'],
  ['dead-letters redeliver --wa', 'dead-letters redeliver --wait'],
  ['serve --po', 'serve --port'],
  ['verify --base', 'verify --baseline'],
  ['trigger email.r', 'trigger email.replied'],
  ['verify --only delivery/dup-s', 'verify --only delivery/dup-seq'],
  ['verify --report ju', 'verify --report junit'],
  ['clock set fr', 'clock set frozen'],
  ['completion po', 'completion powershell'],
  ['verify --baseline /et', 'verify --baseline /etc'],
];

test.skipIf(!has('zsh') || !hasScript)('zsh completes what is typed at a terminal', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sendemall-completion-'));
  const file = join(folder, 'setup.zsh');
  const { stdout } = await run(['completion', 'zsh']);
  writeFileSync(
    file,
    [
      'autoload -Uz compinit; compinit -D -u',
      "unsetopt promptcr; PS1='' RPS1=''",
      stdout,
      'compdef _sendemall_mock sendemall-mock',
      'sendemall-mock() { print -r -- "<$*>" }',
      'print READY',
    ].join('\n'),
  );
  await using zsh = programAtTerminal(['zsh', '-f', '-i'], { env: { TERM: 'dumb' } });
  zsh.type(`source ${file}\n`);
  await zsh.shows('READY');
  for (const [typed, completed] of COMPLETED) {
    zsh.type(`sendemall-mock ${typed}\t\n`);
    await zsh.shows(`<${completed}>`);
  }
  zsh.type('exit\n');
  expect(await zsh.status).toBe(0);
  rmSync(folder, { recursive: true });
});

test.skipIf(!has('fish'))('fish completes what is typed', async () => {
  const { stdout: script } = await run(['completion', 'fish']);
  for (const [typed, completed] of COMPLETED) {
    const code = `${script}\ncomplete -C ${shellWord(`sendemall-mock ${typed}`)}`;
    const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', code], { encoding: 'utf8' });
    expect(stderr).toBe('');
    const words = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t')[0]);
    expect(words.map((word) => word?.replace(/\/$/, ''))).toEqual([completed.split(' ').at(-1)]);
  }
});

test.skipIf(!has('zsh'))('zsh parses its script', async () => {
  const { stdout } = await run(['completion', 'zsh']);
  expect(spawnSync('zsh', ['-n'], { input: stdout, encoding: 'utf8' })).toMatchObject({
    status: 0,
    stderr: '',
  });
});

test.each(['bash', 'zsh', 'fish', 'powershell'])(
  '%s knows every command and flag',
  async (shell) => {
    const { status, stdout } = await run(['completion', shell]);
    expect(status).toBe(0);
    for (const word of ['serve', 'check-signature', 'redeliver', 'forward-to', 'email.bounced']) {
      expect(stdout).toContain(word);
    }
  },
);
