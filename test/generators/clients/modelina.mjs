// Models of the events in TypeScript: they must compile, and have the names that the schemas have. Nothing is called.
import { TypeScriptGenerator } from '@asyncapi/modelina';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const document = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const models = await new TypeScriptGenerator({ modelType: 'interface' }).generate(document);
const unnamed = models.map(({ modelName }) => modelName).filter((name) => /^Anonymous/.test(name));
if (unnamed.length > 0) throw new Error(`without a name: ${unnamed.join(', ')}`);
writeFileSync(
  'use.ts',
  `${models.map(({ result }) => result).join('\n')}
export const sentiment = (reply: EmailReplied): ReplySentiment => reply.data.replySentiment;
`,
);
const { status, stdout } = spawnSync('npx', ['--no-install', 'tsc', '-p', '.'], {
  encoding: 'utf8',
});
if (status !== 0) throw new Error(stdout);
console.log(JSON.stringify({ event: 'email.replied', sentiment: 'positive', attempts: 4 }));
