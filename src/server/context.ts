/**
 * Options of the server, and what every request carries: variables that every handler can read, and its route.
 *
 * @module
 */
import type { Context } from 'hono';
import type { SystemClock } from '../clock/port.ts';
import type { ClusterNode } from '../cluster/node.ts';
import type { SandboxRemedyTexts } from '../domain/remedies.ts';
import type { AccountEngine, Engine } from '../engine/engine.ts';
import type { ProfileName } from '../../schemas/sandbox.ts';
import type { StoreHealth } from '../storage/store.ts';
import type { Simulator } from '../simulator/simulator.ts';
import type { Verifier } from './verifications/port.ts';

export interface ServerOptions {
  readonly engine: Engine<Simulator>;
  readonly store: StoreHealth;
  readonly wall: SystemClock;
  /** How the leads of a new campaign behave. */
  readonly defaultProfile: ProfileName;
  /** True to enforce the provider's rate limits. */
  readonly rateLimit: boolean;
  /** This node, if several share the sandbox; null if this process is the sandbox. */
  readonly cluster: ClusterNode | null;
  /** The address that the server is bound to. */
  readonly host: string;
  readonly allowedHosts: readonly string[];
  /** Whether deliveries, and verifications, may reach public addresses. */
  readonly allowPublicTargets: boolean;
  readonly verifier: Verifier;
  readonly remedies: Pick<SandboxRemedyTexts, 'allow_host' | 'allow_public_targets'>;
  /** Aborted when the server closes, to end long-running requests. */
  readonly closing: AbortSignal;
  /** Called after every response. Must not throw. */
  readonly onRequest?: ((request: AnsweredRequest) => void) | undefined;
}

/** A request and its status, without headers and bodies: they contain keys and secrets. */
export interface AnsweredRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Null without a valid key. */
  readonly account: AccountEngine<Simulator> | null;
}

export interface Env {
  Variables: {
    requestId: string;
    /** Set for `/v1` and `/_sandbox`. */
    account: AccountEngine<Simulator>;
    /** The node that forwarded the request. */
    forwardedBy: string | undefined;
    /** The request was served by a second, internal request. */
    isRepeated: boolean | undefined;
    /** Time for `meta` of the response: the account's clock, or real time without an account. */
    now: () => number;
  };
}

export type Ctx = Context<Env>;

/** Serves or forwards a request. `serve` opens the account and runs the handlers. */
export type Route = (
  c: Ctx,
  keyHash: string,
  serve: () => Promise<void>,
) => Promise<Response | void>;
