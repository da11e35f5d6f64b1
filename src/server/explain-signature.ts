/**
 * Explanation of a delivery's signature, without its secret.
 *
 * @module
 */
import { SIGNATURE } from '../../schemas/contract.ts';
import type { ExplainSignatureRequest, SignatureExplanation } from '../../schemas/sandbox.ts';
import type { DeliveryDetail } from '../domain/delivery.ts';
import { validationFailed } from '../domain/problems.ts';
import { explainSignature } from '../signature/explain.ts';
import { isSignedBy, sign } from '../signature/sign.ts';

/** People copy the whole header line, so accept its name. */
const HEADER_LINE = new RegExp(`^\\s*${SIGNATURE.header}\\s*:\\s*`, 'i');

/** A search hashes the body some thousand times, which would block other accounts for a body larger than this. */
const MAX_SEARCHED_BYTES = 65_536;

const sentBy = ({ attempts }: DeliveryDetail, number: number | undefined): string | null => {
  const attempt =
    number === undefined ? attempts.at(-1) : attempts.find((one) => one.number === number);
  if (attempt !== undefined) return attempt.signature;
  throw validationFailed(
    number === undefined
      ? 'The delivery has no attempt yet. Pass "signature", or advance the clock.'
      : `"attempt" is ${number}, and the delivery has ${attempts.length}. Pass the number of one that was made.`,
  );
};

/**
 * @param secret of the webhook; not part of the result
 * @throws {Problem} 422 if the attempt does not exist
 */
export const explanationOf = (
  delivery: DeliveryDetail,
  secret: string,
  { signature, attempt }: ExplainSignatureRequest,
): SignatureExplanation => {
  const given =
    signature === undefined ? sentBy(delivery, attempt) : signature.replace(HEADER_LINE, '');
  const body = Buffer.from(delivery.body);
  const report =
    body.length <= MAX_SEARCHED_BYTES
      ? explainSignature({ body, header: given, secret })
      : {
          matches: isSignedBy(given, body, secret),
          expected: sign(body, secret),
          proven: false,
          causes: [],
        };
  return {
    scheme: {
      header: SIGNATURE.header,
      algorithm: SIGNATURE.algorithm,
      encoding: SIGNATURE.encoding,
      prefix: SIGNATURE.prefix,
      signed_content: SIGNATURE.signedContent,
    },
    signed_bytes: body.length,
    given,
    expected: report.expected,
    matches: report.matches,
    proven: report.proven,
    causes: report.causes.map(({ id, says, remedy }) => ({ id, says, remedy })),
  };
};
