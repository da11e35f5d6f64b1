/**
 * Reachability of the target. Without it there is no receiver to judge.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { describeTlsFailure } from '../../diagnosis/tls.ts';
import { pass, unjudged } from '../../verdict.ts';
import type { NoReply } from '../../net/exchange.ts';

const REMEDIES: Partial<Record<NoReply['cause'], string>> = {
  refused:
    'Start the receiver and check the port. Inside a container, 127.0.0.1 is the container itself: use host.docker.internal or the service name.',
  name_not_found: 'Check the spelling of the host name, and that this machine can resolve it.',
  unreachable: 'Check the address and the network: there is no route from this machine.',
  timeout: 'Check the address and firewalls: packets are dropped on the way.',
};

export const check = defineCheck({
  id: 'http/reachable',
  level: 'MUST',
  title: 'Is reachable',
  requirement: {
    text: 'The provider posts every event to the registered URL; an unreachable receiver is a failed attempt',
    source: 'guide, "Step 1: Register your endpoint" and "Step 3: Handle retries"',
  },
  cause: 'Nothing listens at the target, or the TLS connection fails.',
  fix: 'Start the receiver and pass its URL exactly as it would be registered.',
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
      `The target cannot be reached: ${failure.message} at ${host}. ${REMEDIES[failure.cause] ?? 'Check what listens there: it closes connections before anything is sent.'}`,
    );
  },
});
