/**
 * Liveness of the receiver: a fresh valid event, the control, after every check that might have crashed it.
 *
 * @module
 */
import pLimit from 'p-limit';
import type { WallClock } from '../../clock/port.ts';
import { createHangWatch } from './hang-watch.ts';
import type { Crash, Hang, LostControl } from './observed.ts';
import type { NamedCause } from '../experiments/known-causes.ts';
import { explainOutage } from '../experiments/outage.ts';
import { explainSlowdown, isSlowedDown } from '../experiments/slowdown.ts';
import type { Exchange } from '../net/exchange.ts';
import { senderOf } from '../judge/sender.ts';
import { sleep } from '../hooks/hooks.ts';
import type { Probe } from '../probe/probe.ts';
import { isAccepted, isCut, isTimedOut } from '../verdict.ts';

/** Time that a supervisor has to restart the receiver. */
const RECOVERS_WITHIN_MS = 5000;
const POLL_EVERY_MS = 100;

export interface Circumstances {
  /** Connections were refused meanwhile: the receiver crashed, even if it is available again. */
  readonly wasDown?: boolean;
  /** The check had made the system behind the receiver fail. */
  readonly isWhileFailing?: boolean;
}

export interface Liveness {
  /**
   * Send a control after a check.
   *
   * @param after id of the check
   * @param last the check's last exchange, which may have crashed the receiver
   * @returns false if the receiver is down and did not recover
   */
  control(after: string, last: Exchange | null, circumstances?: Circumstances): Promise<boolean>;
  /** Whether the receiver is available after an intended restart, which is not a crash. */
  isBack(): Promise<boolean>;
  /** Look whether forged requests have slowed the receiver down, where a response was slow. */
  lookAtPace(exchanges: readonly Exchange[]): Promise<void>;
  /** Why each response is slower than the one before it; null while that is not so. */
  readonly slowdown: NamedCause | null;
  readonly crashes: readonly Crash[];
  /** Since when the receiver is up and answers no event any more; null while it answers. */
  readonly hang: Hang | null;
  readonly lostControls: readonly LostControl[];
  readonly controls: number;
}

/** True if the connection was refused: nothing listens on the port. */
export const isRefusedConnection = ({ reply }: Pick<Exchange, 'reply'>): boolean =>
  reply.kind === 'none' && reply.cause === 'refused';

/** True if the connection was refused or reset before any response. */
export const isUnreachable = (exchange: Pick<Exchange, 'reply'>): boolean =>
  isRefusedConnection(exchange) || isCut(exchange);

const recovers = async (probe: Probe, wall: WallClock): Promise<boolean> => {
  const until = wall.now() + RECOVERS_WITHIN_MS;
  while (wall.now() < until && probe.signal?.aborted !== true) {
    await sleep(wall, POLL_EVERY_MS);
    if (!isUnreachable(await probe.post(probe.event()))) return true;
  }
  return false;
};

/** If the run ended meanwhile, a failed control says nothing about the receiver. */
const unlessEnded = async (probe: Probe, control: Promise<boolean>): Promise<boolean> => {
  try {
    return await control;
  } catch (error) {
    if (probe.signal?.aborted === true) return true;
    throw error;
  }
};

/** Whether responses become slower and slower. */
const createPaceWatch = (probe: Probe) => {
  let slowdown: NamedCause | null = null;
  return {
    get slowdown() {
      return slowdown;
    },
    look: async (exchanges: readonly Exchange[]): Promise<void> => {
      if (isSlowedDown(probe, exchanges)) slowdown = await explainSlowdown(probe);
    },
  };
};

const logOf = (log: string | null): Pick<Crash, 'log'> => (log === null ? {} : { log });

/**
 * @param probe sends the controls
 * @param receiverLog what the receiver's own process wrote last
 */
export const createLiveness = (
  probe: Probe,
  wall: WallClock,
  receiverLog: () => string | null = () => null,
): Liveness => {
  const crashes: Crash[] = [];
  const lostControls: LostControl[] = [];
  let controls = 0;
  const hangs = createHangWatch(probe);
  const pace = createPaceWatch(probe);

  const turn = pLimit(1);

  /** One at a time: an experiment on the first one restarts the receiver. @returns whether it is back without that */
  const afterCrash = async (
    culprit: Pick<Crash, 'by' | 'exchange' | 'sender' | 'isWhileFailing'>,
    since: number,
  ): Promise<boolean> => {
    if (crashes.some(({ recoveredAfterMs }) => recoveredAfterMs === null)) return false;
    const back = await recovers(probe, wall);
    const recoveredAfterMs = back ? wall.now() - since : null;
    const answersUnsigned =
      !back && !isUnreachable(await probe.post(probe.event(), { signature: null }));
    const log = logOf(receiverLog());
    const cause = back ? null : await explainOutage(probe, culprit.exchange);
    const explained = cause === null ? {} : { cause };
    crashes.push({ ...culprit, ...log, recoveredAfterMs, answersUnsigned, ...explained });
    return back;
  };

  const look = async (
    after: string,
    last: Exchange | null,
    { wasDown = false, isWhileFailing = false }: Circumstances,
  ): Promise<boolean> => {
    const sender = last === null ? undefined : senderOf(last, probe.signing);
    const failing = isWhileFailing ? { isWhileFailing } : {};
    const culprit = { by: after, exchange: last, sender, ...failing };
    const control = await probe.post(probe.event());
    if (wasDown && !isUnreachable(control)) {
      crashes.push({
        ...culprit,
        ...logOf(receiverLog()),
        recoveredAfterMs: 0,
        answersUnsigned: false,
      });
    }
    if (isAccepted(control) || probe.signal?.aborted === true) return true;
    if (isTimedOut(control) && (await turn(() => hangs.isHung()))) {
      return turn(() => hangs.revive(culprit, control));
    }
    if (!isUnreachable(control)) {
      lostControls.push({ after, control });
      return true;
    }
    const since = wall.now();
    return turn(() => afterCrash(culprit, since));
  };

  return {
    crashes,
    lostControls,
    get controls() {
      return controls;
    },
    control: (after, last, circumstances = {}) => {
      controls += 1;
      return unlessEnded(probe, look(after, last, circumstances));
    },
    get hang() {
      return hangs.hang;
    },
    get slowdown() {
      return pace.slowdown;
    },
    lookAtPace: pace.look,
    isBack: async () =>
      !isUnreachable(await probe.post(probe.event())) || (await recovers(probe, wall)),
  };
};
