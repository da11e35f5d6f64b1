/**
 * One verification: progress and findings while it runs; then the report, as `verify` writes it to a file.
 *
 * @module
 */
import { useEffect } from 'preact/hooks';
import type { ReportFormat, Verification } from '../../../schemas/sandbox.ts';
import type { Report } from '../../conformance/report.ts';
import { OutcomeView, ReportView, VerdictView } from '../../conformance/report-view/report.ts';
import type { RenderCode, Rendering } from '../../conformance/report-view/text.ts';
import { formatRoute } from '../model/route.ts';
import { route } from '../state/location.ts';
import { useResource } from '../state/resource.ts';
import { client, perform } from '../state/session.ts';
import { noteVerification } from '../state/verifications.ts';
import { copyText } from './copy.ts';
import { Loaded } from './page.tsx';
import { Line } from './text.tsx';

/** Formats to save, with the ending of the file. */
const FORMATS: readonly (readonly [ReportFormat, string])[] = [
  ['html', 'html'],
  ['markdown', 'md'],
  ['json', 'json'],
  ['junit', 'xml'],
  ['sarif', 'sarif'],
  ['ctrf', 'ctrf.json'],
];

const save = async (id: string, format: ReportFormat, ending: string): Promise<void> => {
  const text = await perform(`save-${format}`, () => client.value.verifications.report(id, format));
  if (text === null) return;
  const address = URL.createObjectURL(new Blob([text]));
  const link = document.createElement('a');
  link.href = address;
  link.download = `verify-${id}.${ending}`;
  link.click();
  URL.revokeObjectURL(address);
};

const code: RenderCode = (text) => (
  <div class="code">
    <pre tabIndex={0}>{text}</pre>
    <button type="button" onClick={() => void copyText(text, 'Text')}>
      Copy
    </button>
  </div>
);

const hrefOf = (check: string): string =>
  formatRoute({ view: 'verify', id: route.value.id, query: { check } });

const RENDERING: Rendering = { hrefOf, code, pageOf: (check) => `/docs/checks/${check}` };

/** Open the check that the URL names, and scroll to it. */
const useSelectedCheck = (isShown: boolean): void => {
  const selected = route.value.query['check'] ?? '';
  useEffect(() => {
    const check = isShown && selected !== '' ? document.getElementById(selected) : null;
    if (!(check instanceof HTMLDetailsElement)) return;
    check.open = true;
    check.querySelector('summary')?.focus();
    check.scrollIntoView({ block: 'start' });
  }, [selected, isShown]);
};

const Finished = ({ id }: { id: string }) => {
  const report = useResource(
    async (api) => JSON.parse(await api.verifications.report(id, 'json')) as Report,
    `report ${id}`,
  );
  useSelectedCheck(report.value !== null);
  return (
    <Loaded resource={report}>
      {(loaded) => (
        <>
          <h3>
            <VerdictView report={loaded} />
          </h3>
          <OutcomeView report={loaded} />
          <div class="buttons" role="group" aria-label="Save the report">
            {FORMATS.map(([format, ending]) => (
              <button
                key={format}
                type="button"
                class="small"
                onClick={() => void save(id, format, ending)}
              >
                Save {format}
              </button>
            ))}
          </div>
          <ReportView report={loaded} rendering={RENDERING} />
        </>
      )}
    </Loaded>
  );
};

const Running = ({ verification }: { verification: Verification }) => {
  const { id, checks_done: done, checks_total: total, findings } = verification;
  return (
    <>
      <div class="form-row">
        <progress class="grow" aria-label="Checks done" max={total} value={done} />
        <span>
          {done} of {total}
        </span>
        <button
          type="button"
          onClick={() =>
            void perform('stop', () => client.value.verifications.stop(id)).then(
              (stopped) => stopped !== null && noteVerification(stopped),
            )
          }
        >
          Stop
        </button>
      </div>
      <p class="dim">{verification.running_checks.join(', ') || 'starting'}</p>
      <ul class="cards narrow">
        {findings.map((finding) => (
          <li key={finding.id} class="card">
            <div class="card-main">
              <h3>
                <span class="tag bad">{finding.status === 'fail' ? 'failed' : 'error'}</span>{' '}
                {finding.id}
              </h3>
              <p class="dim">
                {finding.level}: {finding.title}
              </p>
            </div>
          </li>
        ))}
      </ul>
    </>
  );
};

export const VerificationPage = ({ verification }: { verification: Verification }) => {
  const { id, status, url, error } = verification;
  return (
    <section class="panel" aria-label={`Verification ${id}`}>
      <h2>
        {id} <Line text={url} class="dim" />
      </h2>
      {status === 'running' && <Running verification={verification} />}
      {status === 'failed' && <p class="bad">The run failed: {error}</p>}
      {(status === 'finished' || status === 'stopped') && <Finished id={id} />}
    </section>
  );
};
