/**
 * The configuration file that is read when none is named.
 *
 * @module
 */

export const CONFIG_FILE = 'sendemall-mock.json';
