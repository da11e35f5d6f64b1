/**
 * The secret that all nodes of a sandbox share. The first node stores it in the database, so every process that may use the
 * database is a node, and nothing has to be configured.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { connect, sessionSettings, throwStoreError, type Connecting } from '../postgres/connect.ts';
import { DEFAULT_SCHEMA, parseLocation } from '../postgres/location.ts';

const SECRET_BYTES = 32;

/**
 * @param url of the database, whose schema the store has created
 * @throws {StoreError} if the database cannot be used
 */
export const readSecret = async (url: string, schema = DEFAULT_SCHEMA): Promise<Buffer> => {
  const connecting: Connecting = { location: parseLocation(url), schema };
  try {
    const client = await connect(connecting);
    try {
      await client.query(sessionSettings(schema));
      await client.query('INSERT INTO cluster (secret) VALUES ($1) ON CONFLICT DO NOTHING', [
        randomBytes(SECRET_BYTES),
      ]);
      const { rows } = await client.query<{ secret: Buffer }>('SELECT secret FROM cluster');
      return rows[0]!.secret;
    } finally {
      await client.end();
    }
  } catch (error) {
    return throwStoreError(connecting, error);
  }
};
