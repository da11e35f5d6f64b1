/**
 * `init`: writes a receiver and what belongs to it.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Argument, Command, Option } from '@commander-js/extra-typings';
import { shellWord } from '../../domain/shell.ts';
import { examples, exitStatus } from '../help.ts';
import { filesBeside, settingsOf, type File } from '../init/files.ts';
import { detectFramework, FRAMEWORKS, type Framework, type Template } from '../init/frameworks.ts';
import { jsonOption } from '../options.ts';
import { readPackageFile } from '../../package-file.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

const NAMES = FRAMEWORKS.map(({ name }) => name);

const readIn =
  (folder: string) =>
  (name: string): string | null => {
    const path = join(folder, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : null;
  };

const frameworkOf = (name: string | undefined, folder: string): Framework => {
  const wanted = name ?? detectFramework(readIn(folder));
  const found = FRAMEWORKS.find((one) => one.name === wanted);
  if (found !== undefined) return found;
  throw new UsageError(
    `No framework found in ${folder}: it has no package.json, requirements.txt, pyproject.toml, Gemfile, composer.json, go.mod, pom.xml, build.gradle or Cargo.toml that names one. Pass --framework with one of ${NAMES.join(', ')}.`,
  );
};

/** Whether a template's build file exists: the project has its own. */
const isInProject = ({ unless = [] }: Template, folder: string): boolean =>
  unless.some((name) => existsSync(join(folder, name)));

const filesOf = async (framework: Framework, folder: string): Promise<readonly File[]> => [
  ...(await Promise.all(
    framework.templates
      .filter((template) => !isInProject(template, folder))
      .map(async ({ from, to }) => [to, await readPackageFile(`src/templates/${from}`)] as const),
  )),
  ...filesBeside(framework),
];

/** Write all files, or none if one exists. */
const write = async (files: readonly File[], folder: string): Promise<void> => {
  const taken = files.map(([path]) => path).filter((path) => existsSync(join(folder, path)));
  if (taken.length > 0) {
    throw new UsageError(
      `${taken.join(', ')} ${taken.length === 1 ? 'exists' : 'exist'} already, so nothing was written. Move ${taken.length === 1 ? 'it' : 'them'} away, or run init in another folder.`,
    );
  }
  for (const [name, content] of files) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    // Fails rather than overwrite what another process has written since.
    await writeFile(path, content, { flag: 'wx' });
  }
};

const nextSteps = (framework: Framework): readonly string[] => {
  const { install, start, startIsExample, readsSettings } = framework;
  const { copy } = settingsOf(framework);
  const load = readsSettings === true ? '' : 'set -a && . ./.env && set +a && ';
  return [
    ...(install === null ? [] : [install]),
    ...(startIsExample === true ? [] : ['sendemall-mock verify']),
    copy,
    load !== '' && start.includes(' & ') ? `${load}(${start})` : `${load}${start}`,
    'sendemall-mock',
    'sendemall-mock trigger email.replied --wait',
    ...(startIsExample === true ? ['sendemall-mock verify'] : []),
  ];
};

const aboutOf = (step: string, { startIsExample }: Framework): string | undefined => {
  if (step === 'sendemall-mock verify') {
    return startIsExample === true ? undefined : 'starts the receiver, judges it, and stops it';
  }
  if (step === 'sendemall-mock') return 'in another terminal: the sandbox, which forwards to it';
  return step.includes('> .env') || step.endsWith(' .env')
    ? 'then put your signing secret there'
    : undefined;
};

/** What is left to do by hand. */
const todoOf = ({ todo, todoInProject, templates }: Framework, folder: string): string | null => {
  const inProject = templates.some((template) => isInProject(template, folder));
  return [todo, inProject ? todoInProject : undefined].find((text) => text !== undefined) ?? null;
};

const printSteps = (
  framework: Framework,
  { folder, todo }: { readonly folder: string; readonly todo: string | null },
  terminal: Terminal,
): void => {
  terminal.print('');
  terminal.print(todo === null ? 'Next:' : `${todo} Then:`);
  if (folder !== '.') terminal.print(`  cd ${shellWord(folder)}`);
  for (const step of nextSteps(framework)) {
    const about = aboutOf(step, framework);
    terminal.print(`  ${step}${about === undefined ? '' : terminal.style('dim', `   # ${about}`)}`);
  }
};

const runInit = async (
  folder: string,
  { framework: name, json }: { framework?: string | undefined; json?: true | undefined },
  terminal: Terminal,
): Promise<void> => {
  const framework = frameworkOf(name, folder);
  const files = await filesOf(framework, folder);
  const todo = todoOf(framework, folder);
  await write(files, folder);
  const paths = files.map(([path]) => path);
  if (json) {
    terminal.printJson(
      { framework: framework.name, files: paths, todo, next: nextSteps(framework) },
      true,
    );
    return;
  }
  for (const path of paths) terminal.print(`${terminal.style('green', 'wrote')} ${path}`);
  const ignored = readIn(folder)('.gitignore') ?? '';
  if (!/^\/?\.env$/mu.test(ignored)) {
    const { writes = 'webhooks.db*' } = framework;
    terminal.note(`Add .env and ${writes} to .gitignore: they must not be committed.`);
  }
  printSteps(framework, { folder, todo }, terminal);
};

export const init = (terminal: Terminal) =>
  new Command('init')
    .description(
      'Write a receiver that verifies signatures, responds fast and processes each event once, with sendemall-mock.json, .env.example and a GitHub workflow. Never overwrites a file. Afterwards serve and verify need no flags.',
    )
    .addArgument(new Argument('[folder]', 'folder to write to').default('.'))
    .addOption(
      new Option('--framework <name>', 'framework of the receiver (default: detected)').choices(
        NAMES,
      ),
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      [
        exitStatus({
          0: 'the files were written',
          2: 'no framework found, or a file exists already; nothing was written',
        }),
        examples('sendemall-mock init', 'sendemall-mock init my-receiver --framework flask'),
      ].join('\n'),
    )
    .action((folder, options) => runInit(folder, options, terminal));
