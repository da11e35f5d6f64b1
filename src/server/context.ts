/**
 * What every handler can rely on.
 *
 * @module
 */
import type { Context } from 'hono';
import type { SystemClock } from '../clock/port.ts';
import type { AccountEngine, Engine } from '../engine/engine.ts';
import type { ProfileName } from '../../schemas/sandbox.ts';
import type { StoreHealth } from '../storage/store.ts';
import type { Simulator } from '../simulator/simulator.ts';

export interface ServerOptions {
  readonly engine: Engine<Simulator>;
  readonly store: StoreHealth;
  readonly wall: SystemClock;
  /** How the leads of a new campaign behave. */
  readonly defaultProfile: ProfileName;
  /** Whether the provider's limits hold. */
  readonly rateLimit: boolean;
  /** The address that the server is bound to. */
  readonly host: string;
  readonly allowedHosts: readonly string[];
  /** Aborted when the server closes: what stays open for long ends. */
  readonly closing: AbortSignal;
}

export interface Env {
  Variables: {
    requestId: string;
    /** Set for `/v1` and `/_sandbox`. */
    account: AccountEngine<Simulator>;
    /** Time that the answer's `meta` shows. */
    now: () => number;
  };
}

export type Ctx = Context<Env>;
