/**
 * Explanation of a delivery's signature, without its secret.
 *
 * @module
 */
import { SIGNATURE } from '../../schemas/contract.ts';
import type { ExplainSignatureRequest, SignatureExplanation } from '../../schemas/sandbox.ts';
import type { DeliveryDetail } from '../domain/delivery.ts';
import { validationFailed } from '../domain/problems.ts';
import { nextTurn } from '../domain/event-loop.ts';
import {
  explainStepwise,
  type SignatureClaim,
  type SignatureReport,
} from '../signature/explain.ts';
import { isSignedBy, sign } from '../signature/sign.ts';

/** People copy the whole header line, so accept its name. */
const HEADER_LINE = new RegExp(`^\\s*${SIGNATURE.header}\\s*:\\s*`, 'i');

/** A search hashes the body some thousand times, which takes seconds for a body larger than this. */
const MAX_SEARCHED_BYTES = 65_536;

/** Body bytes to hash before yielding to the event loop, about 5 ms. */
const BYTES_PER_SLICE = 1_048_576;

const explainInSlices = async (claim: SignatureClaim): Promise<SignatureReport> => {
  const search = explainStepwise(claim);
  const stepsPerSlice = Math.max(1, Math.floor(BYTES_PER_SLICE / (claim.body.length + 1024)));
  for (let step = 1; ; step += 1) {
    const { done, value } = search.next();
    if (done === true) return value;
    // Making another body parses and prints it; hashing it takes a fraction of that.
    if (value === 'variant' || step % stepsPerSlice === 0) await nextTurn();
  }
};

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
export const explanationOf = async (
  delivery: DeliveryDetail,
  secret: string,
  { signature, attempt }: ExplainSignatureRequest,
): Promise<SignatureExplanation> => {
  const given =
    signature === undefined ? sentBy(delivery, attempt) : signature.replace(HEADER_LINE, '');
  const body = Buffer.from(delivery.body);
  const report =
    body.length <= MAX_SEARCHED_BYTES
      ? await explainInSlices({ body, header: given, secret })
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
