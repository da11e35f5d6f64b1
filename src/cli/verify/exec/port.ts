/**
 * The port that the receiver listens on.
 *
 * @module
 */
import { connect } from 'node:net';

export interface Address {
  readonly host: string;
  readonly port: number;
}

const CONNECT_TIMEOUT_MS = 1000;

/** The address of an http or https URL. */
export const addressOf = (url: string): Address => {
  const { hostname, port, protocol } = new URL(url);
  const standard = protocol === 'https:' ? 443 : 80;
  return {
    host: hostname.replaceAll(/^\[|\]$/g, ''),
    port: port === '' ? standard : Number(port),
  };
};

/** Whether something accepts connections there. */
export const isListening = ({ host, port }: Address): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, autoSelectFamily: true });
    const end = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
