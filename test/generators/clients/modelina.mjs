// Models of the events in TypeScript: they must compile, and have the names that the schemas have. Nothing is called.
import { TypeScriptGenerator } from '@asyncapi/modelina';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const document = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const models = await new TypeScriptGenerator({ modelType: 'interface' }).generate(document);
// Modelina makes an enum without a name of the fixed text of each `event`; whatever else has none is a fault of the spec.
const isFixedText = ({ enum: values }) => values?.length === 1;
const unnamed = models
  .filter(({ modelName }) => /^Anonymous/.test(modelName))
  .filter(({ model }) => !isFixedText(model.originalInput))
  .map(({ modelName }) => modelName);
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
