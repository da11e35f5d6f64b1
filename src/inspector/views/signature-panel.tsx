/**
 * Signature x-ray: what is signed, how, what was sent; and which mistake a signature of the reader's code shows. The
 * server compares: the secret never reaches the browser.
 *
 * @module
 */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { DeliveryDetail, SignatureExplanation } from '../../../schemas/sandbox.ts';
import { formatBytes } from '../../deliveries/spans.ts';
import { client, messageOf } from '../state/session.ts';
import { Block, Runs } from './text.tsx';

/** Two digests, with the first difference marked. */
const Compared = ({
  label,
  text,
  other,
}: {
  label: string;
  text: string | null;
  other: string;
}) => {
  let end = 0;
  while (text !== null && end < text.length && text[end] === other[end]) end += 1;
  return (
    <div>
      <dt>{label}</dt>
      <dd class="mono digest">
        {text === null ? (
          <span class="none">not sent</span>
        ) : (
          <>
            <Runs text={text.slice(0, end)} />
            {end < text.length && (
              <mark>
                <Runs text={text.slice(end)} />
              </mark>
            )}
          </>
        )}
      </dd>
    </div>
  );
};

const Verdict = ({ report, isPasted }: { report: SignatureExplanation; isPasted: boolean }) => {
  if (report.matches) {
    return (
      <p class="verdict good">
        ✓ {isPasted ? 'Your code computed the right signature.' : 'The signature is valid.'}
      </p>
    );
  }
  if (report.causes.length === 0) {
    return (
      <p class="verdict bad">
        ✕ The signature differs. The body is too large to search for the mistake.
      </p>
    );
  }
  return (
    <ul class="verdict bad">
      {report.causes.map(({ id, says, remedy }) => (
        <li key={id}>
          <b>
            ✕ {report.proven ? 'The signature' : 'Likely, the signature'} {says}.
          </b>{' '}
          {remedy} <code class="dim">{id}</code>
        </li>
      ))}
    </ul>
  );
};

const useExplanation = (id: string, attempt: number | null) => {
  const pasted = useSignal('');
  const report = useSignal<SignatureExplanation | null>(null);
  const error = useSignal<string | null>(null);
  const isPasted = pasted.value.trim() !== '';
  useEffect(() => {
    const controller = new AbortController();
    const what = isPasted
      ? { signature: pasted.value.trim() }
      : attempt === null
        ? { signature: '' }
        : { attempt };
    client.value.deliveries.explainSignature(id, what, { signal: controller.signal }).then(
      (value) => {
        report.value = value;
        error.value = null;
      },
      (reason: unknown) => {
        if (!controller.signal.aborted) error.value = messageOf(reason);
      },
    );
    return () => controller.abort();
  }, [id, attempt, pasted.value]);
  return { pasted, report, error, isPasted };
};

const Facts = ({ report, isPasted }: { report: SignatureExplanation; isPasted: boolean }) => {
  const { scheme, expected, given, signed_bytes: bytes } = report;
  return (
    <dl class="facts">
      <div>
        <dt>Scheme</dt>
        <dd>
          <code>
            {scheme.header}: {scheme.prefix}
            {scheme.encoding}(HMAC-{scheme.algorithm.toUpperCase()}(secret, {scheme.signed_content}
            ))
          </code>
        </dd>
      </div>
      <div>
        <dt>Signed</dt>
        <dd>all {formatBytes(bytes)} of the body, exactly as sent, and nothing else</dd>
      </div>
      <Compared label="Expected" text={expected} other={expected} />
      <Compared label={isPasted ? 'Yours' : 'Sent'} text={given} other={expected} />
    </dl>
  );
};

export const SignaturePanel = ({
  delivery,
  attempt,
}: {
  delivery: DeliveryDetail;
  attempt: number | null;
}) => {
  const { pasted, report, error, isPasted } = useExplanation(delivery.id, attempt);
  return (
    <div class="panel">
      {error.value !== null && (
        <p class="bad" role="alert">
          {error.value}
        </p>
      )}
      {report.value !== null && <Facts report={report.value} isPasted={isPasted} />}
      <label class="full">
        What did your code compute?
        <input
          class="mono"
          type="text"
          placeholder="sha256=… or the digest in any encoding"
          spellcheck={false}
          autocomplete="off"
          maxLength={1024}
          value={pasted.value}
          onInput={(event) => (pasted.value = event.currentTarget.value)}
        />
      </label>
      <div aria-live="polite">
        {report.value !== null && (attempt !== null || isPasted) && (
          <Verdict report={report.value} isPasted={isPasted} />
        )}
      </div>
      <details>
        <summary>The signed bytes</summary>
        <Block text={delivery.body} label="The signed bytes" />
      </details>
    </div>
  );
};
