/**
 * Public entry `sendemall-mock/vitest`: a sandbox for each test, matchers, and the conformance suite as tests.
 *
 * @module
 */
// Import first, so that its error precedes all others.
import './supported.ts';
import './types.ts';

export {
  describeReceiver,
  NotConformantError,
  NotReachedError,
  type DescribeOptions,
} from './describe-receiver.ts';
export { createSandboxTest, test, type SandboxFixtures, type SandboxOptions } from './fixtures.ts';
export { matchers } from './matchers.ts';
export { ReceiverError, type Receiver } from './mount.ts';
export type { RegisterOptions, Registered, Sandbox, Triggered } from './sandbox.ts';
export { MatcherError } from './subject.ts';
