/**
 * Form that starts a verification: a webhook of the account, or a URL with its secret, and what to check.
 *
 * @module
 */
import { useSignal } from '@preact/signals';
import type { StartVerificationRequest } from '../../../schemas/sandbox.ts';
import { visibleLine } from '../model/visible-text.ts';
import { go } from '../state/location.ts';
import { client, perform, running } from '../state/session.ts';
import { noteVerification } from '../state/verifications.ts';
import { webhooks } from '../state/webhooks.ts';

const requestOf = (form: FormData): StartVerificationRequest => {
  const text = (name: string): string => String(form.get(name) ?? '').trim();
  const only = text('only')
    .split(/[\s,]+/)
    .filter((part) => part !== '');
  return {
    ...(text('webhook_id') === ''
      ? { url: text('url'), secret: text('secret') }
      : { webhook_id: text('webhook_id') }),
    ...(only.length === 0 ? {} : { only }),
    ...(text('effects_sink') === '' ? {} : { effects_sink: text('effects_sink') }),
    ...(text('lead_email') === '' ? {} : { lead_email: text('lead_email') }),
    ...(text('seed') === '' ? {} : { seed: Number(text('seed')) }),
    ...(form.get('thorough') === null ? {} : { thorough: true }),
  };
};

const start = async (form: FormData): Promise<void> => {
  const verification = await perform('verify', () =>
    client.value.verifications.start(requestOf(form)),
  );
  if (verification === null) return;
  noteVerification(verification);
  go({ view: 'verify', id: verification.id });
};

/** The receiver by hand. The secret is sent once and kept nowhere in the page. */
const ByHand = () => (
  <>
    <label class="grow">
      URL
      <input name="url" type="url" required placeholder="http://127.0.0.1:5000/hook" />
    </label>
    <label>
      Secret
      <input name="secret" type="password" required autocomplete="off" />
    </label>
  </>
);

const Options = () => (
  <details>
    <summary>Options</summary>
    <div class="form-row">
      <label>
        Only these checks
        <input name="only" type="text" placeholder="signature/* delivery/dup-seq" />
      </label>
      <label>
        Count effects in the sink
        <input name="effects_sink" type="text" pattern="[a-z0-9\-]{1,64}" placeholder="crm" />
      </label>
      <label>
        Known lead
        <input name="lead_email" type="email" placeholder="any" />
      </label>
      <label>
        Seed
        <input name="seed" type="number" min={0} max={4_294_967_295} placeholder="random" />
      </label>
      <label class="check-line">
        <input name="thorough" type="checkbox" /> Thorough
      </label>
    </div>
  </details>
);

export const VerifyForm = () => {
  const chosen = useSignal<string | null>(null);
  const list = webhooks.value;
  const webhook = chosen.value ?? list[0]?.id ?? '';
  return (
    <form
      class="card stack"
      aria-label="Verify a receiver"
      onSubmit={(event) => {
        event.preventDefault();
        void start(new FormData(event.currentTarget));
      }}
    >
      <div class="form-row">
        <label class="grow">
          Receiver
          <select
            name="webhook_id"
            value={webhook}
            onChange={(event) => (chosen.value = event.currentTarget.value)}
          >
            {list.map(({ id, url }) => (
              <option key={id} value={id}>
                {visibleLine(url)}
              </option>
            ))}
            <option value="">another URL</option>
          </select>
        </label>
        {webhook === '' && <ByHand />}
      </div>
      <Options />
      <footer class="form-end">
        <button type="submit" class="primary" disabled={running.value.has('verify')}>
          Verify
        </button>
      </footer>
    </form>
  );
};
