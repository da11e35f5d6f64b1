/**
 * Every outcome of an attempt is distinguished, and its error names the remedy.
 *
 * @module
 */
import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMock, type Mock } from '../../src/create-mock.ts';
import { apiOf, type Api } from '../support/api.ts';
import { answer, freePort, startReceiver, startSocketReceiver } from '../support/receiver.ts';
import { selfSigned } from '../support/tls.ts';

/** Short enough for a test, long enough for a loaded machine. */
const LIMIT_MS = 400;

describe('an attempt', () => {
  let mock: Mock;
  let api: Api;
  let account = 0;

  beforeAll(async () => {
    mock = await createMock({ clock: 'frozen', attemptTimeoutMs: LIMIT_MS });
  });
  afterAll(() => mock.close());

  /** The first attempt at a receiver, in an account of its own. */
  const firstAttempt = async (url: string) => {
    api = apiOf(mock.url, `outcomes-${(account += 1)}`);
    await api.register(url);
    const id = await api.trigger();
    // A time-out takes ten seconds of the frozen clock.
    await api.advance({ by: '10s' });
    const { attempts, ...delivery } = await api.delivery(id);
    expect(attempts).toHaveLength(1);
    return { delivery, ...attempts[0]! };
  };

  test.each([200, 201, 202, 204, 299])('is delivered by a %i', async (status) => {
    await using receiver = await startReceiver(answer(status));
    const { delivery, outcome, error, response } = await firstAttempt(receiver.url);
    expect(delivery.status).toBe('delivered');
    expect(outcome).toBe('delivered');
    expect(error).toBeNull();
    expect(response?.status).toBe(status);
  });

  test('keeps the answer’s headers and body', async () => {
    await using receiver = await startReceiver(
      answer(200, '{"received":true}', { 'X-Trace': 'abc' }),
    );
    const { response } = await firstAttempt(receiver.url);
    expect(response?.headers).toContainEqual(['x-trace', 'abc']);
    expect(response).toMatchObject({ body: '{"received":true}', truncated: false });
  });

  test.each([400, 401, 404, 410, 429, 500, 503])('fails on a %i', async (status) => {
    await using receiver = await startReceiver(answer(status));
    const { delivery, outcome, error } = await firstAttempt(receiver.url);
    expect(outcome).toBe('non_2xx');
    expect(error).toContain(`answered ${status}`);
    expect(delivery.status).toBe('pending');
  });

  test.each([301, 302, 307, 308])('does not follow a %i', async (status) => {
    await using elsewhere = await startReceiver();
    await using receiver = await startReceiver(answer(status, '', { location: elsewhere.url }));
    const { outcome, error } = await firstAttempt(receiver.url);
    expect(outcome).toBe('redirect');
    expect(error).toContain(elsewhere.url);
    expect(error).toContain('register the final URL');
    expect(elsewhere.received).toHaveLength(0);
  });

  test('fails when nothing listens', async () => {
    const { outcome, error } = await firstAttempt(`http://127.0.0.1:${await freePort()}/`);
    expect(outcome).toBe('refused');
    expect(error).toContain('is the receiver running');
  });

  test('fails when the receiver cuts the connection without an answer', async () => {
    await using receiver = await startSocketReceiver((socket) => {
      socket.once('data', () => socket.resetAndDestroy());
    });
    const { outcome, error } = await firstAttempt(receiver.url);
    expect(outcome).toBe('reset');
    expect(error).toContain('before any response');
  });

  test('fails when the receiver half-closes without an answer', async () => {
    await using receiver = await startSocketReceiver((socket) => {
      socket.once('data', () => socket.end());
    });
    const { outcome } = await firstAttempt(receiver.url);
    expect(outcome).toBe('reset');
  });

  test('fails when the connection is cut in the middle of the answer', async () => {
    await using receiver = await startSocketReceiver((socket) => {
      socket.once('data', () => {
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this');
      });
    });
    const { outcome, error, response } = await firstAttempt(receiver.url);
    expect(outcome).toBe('reset');
    expect(error).toContain('during the response');
    expect(response).toMatchObject({ status: 200, body: 'only this' });
  });

  test('fails when the receiver never answers', async () => {
    await using receiver = await startReceiver(() => undefined);
    const { outcome, error, duration_ms } = await firstAttempt(receiver.url);
    expect(outcome).toBe('timeout_headers');
    expect(error).toContain('acknowledge first');
    expect(duration_ms).toBeGreaterThanOrEqual(LIMIT_MS);
    expect(duration_ms).toBeLessThan(LIMIT_MS * 5);
  });

  test('fails when the headers drip in', async () => {
    await using receiver = await startSocketReceiver((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\n');
        const drip = setInterval(() => socket.write('X-Drip: 1\r\n'), 50);
        socket.on('close', () => clearInterval(drip));
      });
    });
    const { outcome } = await firstAttempt(receiver.url);
    expect(outcome).toBe('timeout_headers');
  });

  test('fails when the body drips in, although the status was a 2xx', async () => {
    await using receiver = await startSocketReceiver((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
        const drip = setInterval(() => socket.write('1\r\n.\r\n'), 50);
        socket.on('close', () => clearInterval(drip));
      });
    });
    const { outcome, error, response } = await firstAttempt(receiver.url);
    expect(outcome).toBe('timeout_body');
    expect(error).toContain('end the response');
    expect(response?.body).toMatch(/^\.+$/);
  });

  test('fails when no connection comes about', async () => {
    // A listener that never accepts: its backlog is filled, so further connections wait.
    const { spawn } = await import('node:child_process');
    const script =
      'import socket,time\ns=socket.socket();s.bind(("127.0.0.1",0));s.listen(0)\n' +
      'held=[]\nfor _ in range(8):\n c=socket.socket();c.setblocking(False)\n try: c.connect(s.getsockname())\n except BlockingIOError: pass\n held.append(c)\n' +
      'print(s.getsockname()[1],flush=True);time.sleep(60)';
    const child = spawn('python3', ['-c', script]);
    try {
      const [line] = (await Promise.race([
        once(child.stdout, 'data'),
        once(child, 'error').then(([error]) => Promise.reject(error as Error)),
      ])) as [Buffer];
      const { outcome, error } = await firstAttempt(`http://127.0.0.1:${String(line).trim()}/`);
      expect(outcome).toBe('timeout_connect');
      expect(error).toContain('no connection');
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('fails when the name does not resolve', async () => {
    const { outcome, error } = await firstAttempt('http://no-such-host.invalid/hook');
    expect(outcome).toBe('name_not_found');
    expect(error).toContain('check the URL');
  });

  test('fails when the answer is not HTTP', async () => {
    await using receiver = await startSocketReceiver((socket) => {
      socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    });
    const { outcome } = await firstAttempt(receiver.url);
    expect(outcome).toBe('invalid_response');
  });

  test('fails when the answer never ends', async () => {
    await using receiver = await startSocketReceiver((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
        const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
        const pour = (): void => {
          while (!socket.destroyed && socket.write(chunk));
        };
        socket.on('drain', pour);
        pour();
      });
    });
    const { outcome, response } = await firstAttempt(receiver.url);
    expect(outcome).toBe('response_too_large');
    expect(response).toMatchObject({ truncated: true });
    expect(response?.body.length).toBe(16_384);
  });

  test('fails when the certificate is not trusted', async () => {
    const server = createTlsServer(selfSigned(), (_request, response) => response.end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { outcome, error } = await firstAttempt(`https://127.0.0.1:${port}/`);
    server.close();
    expect(outcome).toBe('tls_failure');
    expect(error).toContain('NODE_EXTRA_CA_CERTS');
  });

  test.each([
    'http://8.8.8.8/hook',
    'http://[2606:4700::1111]/hook',
    'http://[::ffff:8.8.8.8]/hook',
    'http://169.254.1.1/latest',
  ])('is blocked when it would go to %s', async (url) => {
    const { delivery, outcome, error, duration_ms } = await firstAttempt(url);
    expect(outcome).toBe('blocked');
    expect(error).toContain('; pass allowPublicTargets: true if this receiver is yours');
    expect(delivery.status).toBe('pending');
    expect(duration_ms).toBeLessThan(LIMIT_MS);
  });

  test('is let through to loopback by name, IPv4 and IPv6', async () => {
    await using receiver = await startReceiver();
    const { outcome } = await firstAttempt(receiver.url.replace('127.0.0.1', 'localhost'));
    expect(outcome).toBe('delivered');
  });
});
