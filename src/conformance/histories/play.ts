/**
 * Plays a history against the receiver, with fresh ids and leads each time, and keeps what was sent and answered.
 *
 * @module
 */
import type { EventType } from '../../../schemas/contract.ts';
import { toProviderTime } from '../../domain/time.ts';
import { sleep } from '../hooks/hooks.ts';
import { deliver } from '../judge/deliver.ts';
import { whileFailing } from '../judge/failing-hook.ts';
import { wrongSignature } from '../judge/forgeries.ts';
import { restart } from '../judge/restart.ts';
import type { Exchange } from '../net/exchange.ts';
import type { Data, Event } from '../probe/event-maker.ts';
import { keepConnection, type KeptConnection } from '../probe/kept-connection.ts';
import type { Probe } from '../probe/probe.ts';
import { postRaw } from '../probe/raw-post.ts';
import type { SignatureValue } from '../probe/signing.ts';
import { postTogether } from '../probe/simultaneous.ts';
import { isAccepted } from '../verdict.ts';
import { createModel, type Model } from './model.ts';
import type { ForgeryForm, History, MalformedForm, Part, Path, Step } from './step.ts';

/** One request of a history. */
export interface Sent {
  /** Index of its step. */
  readonly step: number;
  readonly role: Part['kind'];
  /** Null for a malformed request. */
  readonly event: Event | null;
  readonly exchange: Exchange;
  /** The receiver asked to be sent less: nothing can be said of this request. */
  readonly isThrottled: boolean;
}

export interface Played {
  readonly history: History;
  readonly sent: readonly Sent[];
  readonly model: Model;
}

interface Prepared {
  readonly role: Part['kind'];
  readonly event: Event | null;
  readonly body: string;
  /** Undefined: the correct one. */
  readonly signature: SignatureValue | undefined;
}

/** Events of chosen times are in the past. */
const LONG_AGO_MS = 3_600_000;

const SENTIMENTS = ['positive', 'negative'] as const;

const isThrottled = ({ reply }: Exchange): boolean =>
  reply.kind === 'answer' && (reply.status === 429 || reply.status === 503 || reply.status === 409);

/** The events of one performance: plain ones, each lead with an address of its own. */
class Cast {
  readonly probe: Probe;
  /** Between the times of events; undefined: they have the present time. */
  readonly secondsApart: number | undefined;
  readonly events: Event[] = [];
  readonly leads = new Map<number, Data>();
  readonly campaigns = new Map<number, string>();
  made = 0;

  readonly begunMs: number;

  constructor(probe: Probe, secondsApart?: number) {
    this.probe = probe;
    this.secondsApart = secondsApart;
    this.begunMs = probe.wall.now() - LONG_AGO_MS;
  }

  lead(number: number): Data {
    const { lead_email, lead_id } = this.probe.event('email.opened').data;
    // One e-mail: what becomes of a lower step is for delivery/changed-values.
    const lead = this.leads.get(number) ?? { lead_email, lead_id, sequence_step: 1 };
    this.leads.set(number, lead);
    return lead;
  }

  campaign(number: number): string {
    const known = this.campaigns.get(number);
    if (known !== undefined) return known;
    const fresh = `cmp_${this.probe.events.freshId().slice('evt_'.length)}`;
    this.campaigns.set(number, fresh);
    return fresh;
  }

  event(type: EventType, lead: number, campaign = 0): Event {
    this.made += 1;
    const campaign_id = this.campaign(campaign);
    const person = type === 'campaign.completed' ? {} : this.lead(lead);
    const data = {
      'email.opened': { open_count: this.made },
      'email.replied': { reply_sentiment: SENTIMENTS[this.made % SENTIMENTS.length] },
      'email.bounced': { bounce_type: 'hard' },
      'email.unsubscribed': { suppressed_globally: true },
    }[type as string];
    return this.probe.event(type, { campaign_id, ...person, ...data }, this.time());
  }

  time(): { readonly timestamp?: string } {
    if (this.secondsApart === undefined) return {};
    const ms = this.begunMs + 1000 * this.secondsApart * this.made;
    return { timestamp: toProviderTime(ms) };
  }
}

const signatureOf = (probe: Probe, form: ForgeryForm, body: string): SignatureValue => {
  switch (form) {
    case 'unsigned':
      return null;
    case 'wrong digest':
      return wrongSignature(probe);
    case 'malformed signature':
      return 'sha256=abc';
    case 'other key':
      return probe.signing.by('whsec_of-someone-else', body);
  }
};

const malformedBody = (probe: Probe, form: MalformedForm): string => {
  if (form !== 'signed, without data') return '{"event": "email.replied", ';
  const { data: _, ...rest } = probe.event();
  return JSON.stringify(rest);
};

/** @returns null for a repeat of an event that does not exist */
const prepare = (cast: Cast, part: Part, earlier: readonly Event[]): Prepared | null => {
  const { probe } = cast;
  switch (part.kind) {
    case 'event': {
      const event = cast.event(part.type, part.lead, part.campaign);
      cast.events.push(event);
      return { role: 'event', event, body: probe.write(event), signature: undefined };
    }
    case 'repeat': {
      const event = earlier.at(-1 - part.back) ?? earlier.at(0);
      if (event === undefined) return null;
      return { role: 'repeat', event, body: probe.write(event), signature: undefined };
    }
    case 'forgery': {
      const event = cast.event(part.type, -1 - cast.made);
      const body = probe.write(event);
      return { role: 'forgery', event, body, signature: signatureOf(probe, part.form, body) };
    }
    case 'malformed': {
      const signature = part.form === 'not JSON' ? wrongSignature(probe) : undefined;
      return { role: 'malformed', event: null, body: malformedBody(probe, part.form), signature };
    }
  }
};

const postOver = (
  probe: Probe,
  kept: KeptConnection,
  path: Path,
  { body, signature }: Prepared,
): Promise<Exchange> => {
  if (path === 'kept') return kept.post(body, signature);
  const headers = probe.headersFor(body, signature === undefined ? {} : { signature });
  return postRaw(probe, body, headers, 'over a connection of its own');
};

/** Sends a valid event again when the receiver has asked for patience. */
const insist = async (probe: Probe, exchange: Exchange, one: Prepared): Promise<Exchange> =>
  isThrottled(exchange) && one.signature === undefined ? deliver(probe, one.body) : exchange;

const burst = async (cast: Cast, type: EventType, count: number) => {
  const prepared = Array.from({ length: count }, (_, place) =>
    prepare(cast, { kind: 'event', type, lead: 1000 + place }, [])!,
  );
  const sent = prepared.map(async (one) => [one, await deliver(cast.probe, one.body)] as const);
  return Promise.all(sent);
};

const together = async (cast: Cast, parts: readonly Part[]) => {
  const earlier = [...cast.events];
  const prepared = parts.flatMap((part) => prepare(cast, part, earlier) ?? []);
  const exchanges = await postTogether(cast.probe, prepared);
  return Promise.all(
    prepared.map(
      async (one, place) => [one, await insist(cast.probe, exchanges[place]!, one)] as const,
    ),
  );
};

const failedTry = async (cast: Cast, type: EventType) => {
  const one = prepare(cast, { kind: 'event', type, lead: 0 }, [])!;
  return [[one, await whileFailing(cast.probe, () => cast.probe.post(one.body))]] as const;
};

const playStep = async (
  cast: Cast,
  kept: KeptConnection,
  step: Step,
): Promise<readonly (readonly [Prepared, Exchange])[]> => {
  const { probe } = cast;
  switch (step.kind) {
    case 'together':
      return together(cast, step.parts);
    case 'burst':
      return burst(cast, step.type, step.count);
    case 'failed try':
      return failedTry(cast, step.type);
    case 'pause':
      await sleep(probe.wall, step.ms);
      return [];
    case 'restart':
      await restart(probe);
      return [];
    default: {
      const one = prepare(cast, step, [...cast.events]);
      if (one === null) return [];
      const exchange = await postOver(probe, kept, step.path, one);
      return [[one, await insist(probe, exchange, one)]];
    }
  }
};

export interface PlayOptions {
  /** Between the times of its events; default: the present time. */
  readonly secondsApart?: number;
}

export const play = async (
  probe: Probe,
  history: History,
  { secondsApart }: PlayOptions = {},
): Promise<Played> => {
  const cast = new Cast(probe, secondsApart);
  const kept = keepConnection(probe);
  const model = createModel();
  const sent: Sent[] = [];
  try {
    for (const [step, one] of history.entries()) {
      probe.signal?.throwIfAborted();
      for (const [{ role, event }, exchange] of await playStep(cast, kept, one)) {
        if (event !== null && (role === 'event' || role === 'repeat')) {
          model.delivered(event, isAccepted(exchange));
        }
        const isExcused = one.kind === 'failed try' || isThrottled(exchange);
        sent.push({ step, role, event, exchange, isThrottled: isExcused });
      }
    }
  } finally {
    kept.close();
  }
  return { history, sent, model };
};
