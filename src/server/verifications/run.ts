/**
 * One verification: its state while it runs, and its result afterwards.
 *
 * @module
 */
import type {
  ReportFormat,
  Verification,
  VerificationFinding,
  VerificationStatus,
} from '../../../schemas/sandbox.ts';
import type { SystemClock } from '../../clock/port.ts';
import { reportNotReady } from '../../domain/problems.ts';
import { toSandboxTime } from '../../domain/time.ts';
import type { PreparedVerification, VerificationProgress, VerificationResult } from './port.ts';

/** Changes within this time are announced together. Real milliseconds. */
const ANNOUNCE_MS = 50;

/** What is known of a run before it starts. */
export interface RunSubject {
  readonly id: string;
  /** Without credentials. */
  readonly url: string;
  readonly webhookId: string | null;
}

export interface VerificationRun {
  readonly id: string;
  view(): Verification;
  isRunning(): boolean;
  /** Ends the run early. */
  stop(): void;
  /** Resolves when the run has ended. Never rejects. */
  readonly ended: Promise<void>;
  /** @throws {Problem} `REPORT_NOT_READY` without a result */
  report(format: ReportFormat): string;
}

/** Checks by progress. */
const createTally = () => {
  const running = new Set<string>();
  const findings: VerificationFinding[] = [];
  let done = 0;
  return {
    note: (progress: VerificationProgress): void => {
      if (progress.type === 'started') {
        running.add(progress.id);
        return;
      }
      running.delete(progress.id);
      done += 1;
      if (progress.finding !== null) findings.push(progress.finding);
    },
    end: (): void => running.clear(),
    view: (): Pick<Verification, 'checks_done' | 'running_checks' | 'findings'> => ({
      checks_done: done,
      running_checks: [...running],
      findings: [...findings],
    }),
  };
};

/** Calls `announce` at once, then at most once per {@link ANNOUNCE_MS}; the last change is always announced. */
const createThrottle = (announce: () => void, wall: SystemClock) => {
  let cancel: (() => void) | null = null;
  let isDue = false;
  const open = (): void => {
    cancel = null;
    if (!isDue) return;
    isDue = false;
    announce();
    cancel = wall.after(ANNOUNCE_MS, open);
  };
  return {
    change: (): void => {
      isDue = true;
      if (cancel === null) open();
    },
    /** Announce what is due now, and arm no timer. */
    flush: (): void => {
      cancel?.();
      cancel = null;
      isDue = false;
      announce();
    },
  };
};

/**
 * Start a prepared verification.
 *
 * @param announce called after changes, with the state at that time
 */
export const startRun = (
  { id, url, webhookId }: RunSubject,
  prepared: PreparedVerification,
  announce: (verification: Verification) => void,
  wall: SystemClock,
): VerificationRun => {
  const startedAt = wall.now();
  const stopping = new AbortController();
  const tally = createTally();
  let status: VerificationStatus = 'running';
  let endedAt: number | null = null;
  let result: VerificationResult | null = null;
  let error: string | null = null;

  const view = (): Verification => ({
    id,
    status,
    url,
    webhook_id: webhookId,
    started_at: toSandboxTime(startedAt),
    ended_at: endedAt === null ? null : toSandboxTime(endedAt),
    checks_total: prepared.checksTotal,
    ...tally.view(),
    verdict: result?.verdict ?? null,
    summary: result?.summary ?? null,
    error,
  });
  const throttle = createThrottle(() => announce(view()), wall);

  const run = async (): Promise<void> => {
    try {
      result = await prepared.run(stopping.signal, (progress) => {
        tally.note(progress);
        throttle.change();
      });
      status = stopping.signal.aborted ? 'stopped' : 'finished';
    } catch (reason) {
      status = 'failed';
      error = reason instanceof Error ? reason.message : String(reason);
    }
    tally.end();
    endedAt = wall.now();
    throttle.flush();
  };
  throttle.change();

  return {
    id,
    view,
    isRunning: () => status === 'running',
    stop: () => stopping.abort(),
    ended: run(),
    report: (format) => {
      if (result !== null) return result.render(format);
      throw reportNotReady(
        id,
        status === 'running'
          ? 'is still running, so it has no report yet. Wait until its status is not "running".'
          : `failed, so it has no report. Cause: ${error ?? 'unknown'}`,
      );
    },
  };
};
