/**
 * Signatures made with keys that everybody knows.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeAcceptance, type Forgery } from '../../judge/forgeries.ts';
import type { Probe } from '../../probe/probe.ts';
import { pass } from '../../verdict.ts';

/** What a missing secret turns into, and what people put in its place. */
const KEYS = [
  '',
  'undefined',
  'null',
  'None',
  'nil',
  'false',
  '[object Object]',
  'secret',
  'changeme',
  'change-me',
  'password',
  'test',
  'test-secret',
  'dev',
  'default',
  'your-secret',
  'your-signing-secret',
  'webhook-secret',
  'whsec_',
  'whsec_test',
  'whsec_secret',
  'whsec_your-signing-secret',
];

const forgeries = ({ signing }: Probe): readonly Forgery[] =>
  // One of these may be the real secret, or the same to an HMAC.
  KEYS.filter((key) => signing.by(key, 'probe') !== signing.valid('probe')).map((key) => ({
    name: key === '' ? 'signed with an empty key' : `signed with the key "${key}"`,
    signature: (body) => signing.by(key, body),
  }));

export const check = defineCheck({
  id: 'signature/default-key',
  level: 'MUST',
  title: 'Refuses what is signed with an empty or well-known key',
  requirement: {
    text: 'The key is the secret that the webhook was registered with, and nothing else',
    source: 'guide, "Step 1: Register your endpoint" and "Step 2: Verify the signature"',
  },
  cause:
    'Where the secret is not configured, the code falls back to an empty or a default one (`process.env.SECRET || ""`, `os.environ.get("SECRET", "secret")`), or tries it besides: whoever guesses it can forge.',
  fix: 'Refuse to start without a secret: `if (!process.env.WEBHOOK_SECRET) throw new Error("WEBHOOK_SECRET is not set")`; Python: `os.environ["WEBHOOK_SECRET"]`. Take fallbacks out.',
  catches: ['signature-default-key-empty', 'signature-default-key-changeme'],
  stage: 'negative',
  after: ['signature/wrong-digest'],
  run: async (probe) => {
    const tried = forgeries(probe);
    const verdict = await judgeAcceptance(probe, tried);
    const weak = tried.length < KEYS.length && verdict.status === 'pass';
    return weak
      ? pass('the receiver’s own secret is one that everybody knows: fine for a test, not in use')
      : verdict;
  },
});
