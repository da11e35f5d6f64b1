/**
 * Why no secure connection can be made.
 *
 * @module
 */
import { tlsFailureOf, type TlsFailure } from '../../domain/network-error.ts';
import type { Verdict } from '../check.ts';
import type { NoReply } from '../net/exchange.ts';
import { fail } from '../verdict.ts';

interface Trouble {
  readonly diagnosis: string;
  readonly fix: string;
}

const OWN_CERTIFICATE =
  'On a test machine, set the option "insecure", or let Node trust your own authority: NODE_EXTRA_CA_CERTS=/path/to/ca.pem. In production the provider must be able to verify the certificate: use one of a public authority, with its full chain.';

const TROUBLES: Readonly<Record<TlsFailure, Trouble>> = {
  not_tls: {
    diagnosis: 'What listens on this port does not speak TLS; most likely it is plain HTTP.',
    fix: 'Give the URL with http://, or the port on which TLS is spoken.',
  },
  not_valid_now: {
    diagnosis: 'The certificate has expired or is not valid yet.',
    fix: `Renew it, and look at the clocks of both machines. ${OWN_CERTIFICATE}`,
  },
  other_name: {
    diagnosis: 'The certificate is for a different host name than the URL.',
    fix: `Use the name that the certificate has, or one with this name in it. ${OWN_CERTIFICATE}`,
  },
  untrusted: {
    diagnosis:
      'The certificate is not trusted by this machine: it is self-signed, or its chain is incomplete.',
    fix: OWN_CERTIFICATE,
  },
  other: { diagnosis: 'No secure connection can be agreed on.', fix: OWN_CERTIFICATE },
};

/** The code at the end of a message of the HTTP client: `TLS failed (CERT_HAS_EXPIRED)`. */
const CODE = /\((\w+)\)$/;

export const describeTlsFailure = ({ message }: NoReply): Verdict => {
  const { diagnosis, fix } = TROUBLES[tlsFailureOf(CODE.exec(message)?.[1] ?? '') ?? 'other'];
  return fail({ expected: ['a secure connection'], actual: message, diagnosis, fix });
};
