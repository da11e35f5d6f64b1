/**
 * The first run of the conformance suite in a process, against a receiver that has a process of its own and is new, too, as
 * users meet it. With `effects` as argument, the run asks the receiver for its effects. Sends the figures to the parent.
 *
 * @module
 */
import { createHttpHooks } from '../../src/conformance/hooks/http-hooks.ts';
import { verify } from '../../src/conformance/verify.ts';
import { SECRET } from './sample.ts';
import { startChild } from './support.ts';

const withEffects = process.argv[2] === 'effects';
await using receiver = await startChild('express-app.ts');
const { url, effectsUrl } = receiver.hello as { readonly url: string; readonly effectsUrl: string };
const hooks = withEffects ? createHttpHooks({ effectsUrl }) : {};
const cpu = process.cpuUsage();
const start = performance.now();
const { summary } = await verify({ url, secret: SECRET, seed: 1, hooks });
const run_ms = performance.now() - start;
const { user, system } = process.cpuUsage(cpu);
if (!['conformant', 'passed'].includes(summary.verdict))
  throw new Error(`a correct receiver got the verdict ${summary.verdict}`);
const figures = { run_ms, cpu_ms: (user + system) / 1000 };
if (process.send === undefined) console.log(figures);
else process.send(figures);
