/**
 * `npm run session`: records the session again and writes the SVG that README shows.
 *
 * @module
 */
import { writeFileSync } from 'node:fs';
import { recordSession, SESSION_FILE } from './record.ts';

writeFileSync(SESSION_FILE, await recordSession());
console.log(`Wrote ${SESSION_FILE}.`);
