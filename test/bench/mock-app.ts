/**
 * The sandbox in its own process, for the request benchmarks.
 *
 * @module
 */
import { createMock } from '../../src/create-mock.ts';

const mock = await createMock({ rateLimit: false });
process.send?.(mock.url);
