/**
 * Whether anybody is there at all: without it there is no receiver to judge.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { describeTlsFailure } from '../../diagnosis/tls.ts';
import { pass, unjudged } from '../../verdict.ts';
import type { NoReply } from '../../net/exchange.ts';

const REMEDIES: Partial<Record<NoReply['cause'], string>> = {
  refused:
    'Start the receiver, and look at the port. In a container, 127.0.0.1 is the container itself: use host.docker.internal or the name of the service.',
  name_not_found: 'Look at the host’s spelling, and whether this machine can resolve it.',
  unreachable: 'Look at the address and the network: no route leads there from this machine.',
  timeout: 'Look at the address and at firewalls: packets vanish on the way.',
};

export const check = defineCheck({
  id: 'http/reachable',
  level: 'MUST',
  title: 'Can be reached',
  requirement: {
    text: 'The provider posts every event to the registered URL; what cannot be reached is a failed attempt',
    source: 'guide, "Step 1: Register your endpoint" and "Step 3: Handle retries"',
  },
  cause: 'Nobody listens there, or no secure connection can be made.',
  fix: 'Start the receiver and give its URL exactly as it would be registered.',
  catches: ['http-plain-on-https'],
  stage: 'reach',
  run: async (probe) => {
    const connection = await probe.connect();
    const failure = connection.failure();
    connection.close();
    if (failure === null) return pass();
    if (failure.cause === 'tls') return describeTlsFailure(failure);
    const { host } = new URL(probe.url);
    return unjudged(
      `The target cannot be reached: ${failure.message} at ${host}. ${REMEDIES[failure.cause] ?? 'Look at what listens there: it cuts connections before anything is sent.'}`,
    );
  },
});
