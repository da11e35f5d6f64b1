/**
 * Tokens of sink URLs: `~` and characters that identify an account to those who have the URL, without revealing its key.
 * A token grants writing to the sinks of one account, and nothing else.
 *
 * @module
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';

export interface SinkTokens {
  of(keyHash: string): string;
  /** Undefined for an unknown token. */
  keyHashOf(token: string): string | undefined;
}

/** Random tokens, valid until the process ends. */
export const createRandomTokens = (): SinkTokens => {
  const tokens = new Map<string, string>();
  const keyHashes = new Map<string, string>();
  return {
    of: (keyHash) => {
      const known = tokens.get(keyHash);
      if (known !== undefined) return known;
      const token = `~${randomBytes(16).toString('base64url')}`;
      tokens.set(keyHash, token);
      keyHashes.set(token, keyHash);
      return token;
    },
    keyHashOf: (token) => keyHashes.get(token),
  };
};

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Tokens that every holder of the secret can make and read: the key hash, encrypted and authenticated. The nonce is
 * derived from the key hash, so an account has one token, and no two texts are encrypted with the same nonce.
 */
export const createSealedTokens = (secret: Buffer): SinkTokens => {
  const derive = (purpose: string, text = ''): Buffer =>
    createHmac('sha256', secret).update(`sink-token ${purpose} ${text}`).digest();
  const key = derive('key');
  return {
    of: (keyHash) => {
      const nonce = derive('nonce', keyHash).subarray(0, NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce);
      const sealed = [nonce, cipher.update(keyHash, 'hex'), cipher.final(), cipher.getAuthTag()];
      return `~${Buffer.concat(sealed).toString('base64url')}`;
    },
    keyHashOf: (token) => {
      const bytes = Buffer.from(token.slice(1), 'base64url');
      if (bytes.length <= NONCE_BYTES + TAG_BYTES) return undefined;
      const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      try {
        const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
        return Buffer.concat([text, decipher.final()]).toString('hex');
      } catch {
        // Not sealed with this secret.
        return undefined;
      }
    },
  };
};
