/**
 * Signatures made with well-known keys.
 *
 * @module
 */
import { defineCheck } from '../../check.ts';
import { judgeAcceptance, type Forgery } from '../../judge/forgeries.ts';
import type { Probe } from '../../probe/probe.ts';
import { pass } from '../../verdict.ts';

/** String forms of a missing secret, and common placeholders. */
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
  // One of these may be the real secret, or equivalent to it as an HMAC key.
  KEYS.filter((key) => signing.by(key, 'probe') !== signing.valid('probe')).map((key) => ({
    name: key === '' ? 'signed with an empty key' : `signed with the key "${key}"`,
    signature: (body) => signing.by(key, body),
  }));

export const check = defineCheck({
  id: 'signature/default-key',
  level: 'MUST',
  title: 'Rejects signatures made with an empty or well-known key',
  requirement: {
    text: 'The key is the secret that the webhook was registered with',
    source: 'guide, "Step 1: Register your endpoint" and "Step 2: Verify the signature"',
  },
  cause:
    'If the secret is not configured, the code falls back to an empty or default one (`process.env.SECRET || ""`, `os.environ.get("SECRET", "secret")`), or also accepts it: anyone who guesses it can forge events.',
  fix: 'Refuse to start without a secret: `if (!process.env.WEBHOOK_SECRET) throw new Error("WEBHOOK_SECRET is not set")`; Python: `os.environ["WEBHOOK_SECRET"]`. Remove fallbacks.',
  catches: ['signature-default-key-empty', 'signature-default-key-changeme'],
  stage: 'negative',
  after: ['signature/wrong-digest'],
  run: async (probe) => {
    const tried = forgeries(probe);
    const verdict = await judgeAcceptance(probe, tried);
    const weak = tried.length < KEYS.length && verdict.status === 'pass';
    return weak
      ? pass('the receiver’s own secret is a well-known one: fine for a test, not for production')
      : verdict;
  },
});
