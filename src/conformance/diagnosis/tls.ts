/**
 * Why no secure connection can be made.
 *
 * @module
 */
import type { Verdict } from '../check.ts';
import type { NoReply } from '../net/exchange.ts';
import { fail } from '../verdict.ts';

interface Trouble {
  readonly code: RegExp;
  readonly diagnosis: string;
  readonly fix: string;
}

const OWN_CERTIFICATE =
  'On a test machine, set the option "insecure", or let Node trust your own authority: NODE_EXTRA_CA_CERTS=/path/to/ca.pem. In production the provider must be able to verify the certificate: use one of a public authority, with its full chain.';

/** The first match is reported. */
const TROUBLES: readonly Trouble[] = [
  {
    code: /WRONG_VERSION_NUMBER|PACKET_LENGTH|UNKNOWN_PROTOCOL|EPROTO|HTTP_REQUEST/,
    diagnosis: 'What listens on this port does not speak TLS; most likely it is plain HTTP.',
    fix: 'Give the URL with http://, or the port on which TLS is spoken.',
  },
  {
    code: /EXPIRED|NOT_YET_VALID/,
    diagnosis: 'The certificate has expired or is not valid yet.',
    fix: `Renew it, and look at the clocks of both machines. ${OWN_CERTIFICATE}`,
  },
  {
    code: /ALTNAME/,
    diagnosis: 'The certificate is for a different host name than the URL.',
    fix: `Use the name that the certificate has, or one with this name in it. ${OWN_CERTIFICATE}`,
  },
  {
    code: /SELF_SIGNED|UNABLE_TO|DEPTH_ZERO|CERT_/,
    diagnosis:
      'The certificate is not trusted by this machine: it is self-signed, or its chain is incomplete.',
    fix: OWN_CERTIFICATE,
  },
];

const OTHER = { diagnosis: 'No secure connection can be agreed on.', fix: OWN_CERTIFICATE };

export const describeTlsFailure = ({ message }: NoReply): Verdict => {
  const { diagnosis, fix } = TROUBLES.find(({ code }) => code.test(message)) ?? OTHER;
  return fail({ expected: ['a secure connection'], actual: message, diagnosis, fix });
};
