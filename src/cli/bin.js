#!/usr/bin/env node
/**
 * The command's entry. Written in the JavaScript of 2015, so that a Node too old for the rest can say so.
 *
 * @module
 */
import { spawn } from 'child_process';
import { existsSync } from 'fs';
import * as nodeModule from 'module';
import { constants } from 'os';
import { fileURLToPath } from 'url';

const NEEDED = [22, 22];

const here = function (relative) {
  return fileURLToPath(new URL(relative, import.meta.url));
};

const found = process.versions.node.split('.').map(Number);
const isNewEnough = found[0] > NEEDED[0] || (found[0] === NEEDED[0] && found[1] >= NEEDED[1]);

// A checkout runs its sources, and brings a Node that can.
const isCheckout = existsSync(here('./main.ts'));
const ownNode = here('../../node_modules/.bin/node' + (process.platform === 'win32' ? '.cmd' : ''));

if (isNewEnough) {
  if (typeof nodeModule.enableCompileCache === 'function') nodeModule.enableCompileCache();
  import(isCheckout ? './main.ts' : '../../dist/cli/main.js').then(function (main) {
    return main.main(process.argv.slice(2));
  });
} else if (isCheckout && existsSync(ownNode) && !process.env.SENDEMALL_MOCK_REEXEC) {
  // The environment variable keeps a copy of the old Node at that place from calling itself for ever.
  const child = spawn(ownNode, [here('./bin.js')].concat(process.argv.slice(2)), {
    stdio: 'inherit',
    shell: process.platform === 'win32',
    env: Object.assign({}, process.env, { SENDEMALL_MOCK_REEXEC: '1' }),
  });
  const hasTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  ['SIGINT', 'SIGTERM'].forEach(function (signal) {
    process.on(signal, function () {
      // A terminal sends Ctrl-C to the child too; a second one would make it exit at once.
      if (signal === 'SIGTERM' || !hasTerminal) child.kill(signal);
    });
  });
  child.on('exit', function (code, signal) {
    process.exitCode = code === null ? 128 + constants.signals[signal] : code;
  });
} else {
  process.stderr.write(
    'sendemall-mock needs Node ' +
      NEEDED.join('.') +
      ' or newer, and this is ' +
      process.versions.node +
      '. Install it from https://nodejs.org, or run it with another one.\n',
  );
  process.exitCode = 2;
}
