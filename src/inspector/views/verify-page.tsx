/**
 * Verify a receiver: start a run, watch it, read its report; earlier runs.
 *
 * @module
 */
import type { Verification } from '../../../schemas/sandbox.ts';
import { formatRoute } from '../model/route.ts';
import { route } from '../state/location.ts';
import { areVerificationsLoaded, verifications } from '../state/verifications.ts';
import { Page } from './page.tsx';
import { Line } from './text.tsx';
import { VerificationPage } from './verification-page.tsx';
import { VerifyForm } from './verify-form.tsx';

const VERDICTS: Readonly<Record<NonNullable<Verification['verdict']>, readonly [string, string]>> =
  {
    conformant: ['good', 'conformant'],
    passed: ['wait', 'passed in part'],
    not_conformant: ['bad', 'not conformant'],
    inconclusive: ['wait', 'inconclusive'],
  };

const Tag = ({ verification: { status, verdict } }: { verification: Verification }) => {
  const [tone, text] =
    verdict === null || status === 'stopped' ? ['dim', status] : VERDICTS[verdict];
  return <span class={`tag ${tone}`}>{text}</span>;
};

const History = ({ list }: { list: readonly Verification[] }) => (
  <nav aria-label="Verifications">
    <ul class="cards narrow">
      {list.map((verification) => (
        <li
          key={verification.id}
          class={`card ${verification.id === route.value.id ? 'open' : ''}`}
        >
          <div class="card-main">
            <h3>
              <a
                href={formatRoute({ view: 'verify', id: verification.id, query: {} })}
                {...(verification.id === route.value.id ? { 'aria-current': 'page' as const } : {})}
              >
                {verification.id}
              </a>{' '}
              <Tag verification={verification} />
            </h3>
            <Line text={verification.url} class="dim" />
          </div>
        </li>
      ))}
    </ul>
  </nav>
);

export const VerifyPage = () => {
  const list = verifications.value;
  const { id } = route.value;
  const selected = list.find((one) => one.id === id);
  return (
    <Page
      title="Verify"
      help="Runs the conformance suite against a receiver. Valid events and forgeries are sent, so use one that may receive both."
    >
      <VerifyForm />
      {list.length > 0 && <History list={list} />}
      {selected !== undefined && <VerificationPage key={selected.id} verification={selected} />}
      {id !== null && selected === undefined && areVerificationsLoaded.value && (
        <p class="empty">
          There is no verification {id}. An account keeps 20, until the sandbox ends.
        </p>
      )}
    </Page>
  );
};
