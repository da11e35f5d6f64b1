<?php

// SendEmAll -> sales database. Runs under systemd, no framework, no web server in front.

define('T_EVENTS', 'CREATE TABLE IF NOT EXISTS events (event_id VARCHAR(32) PRIMARY KEY, event_key TEXT, kind VARCHAR(40))');
define('T_LEADS', "CREATE TABLE IF NOT EXISTS leads (email TEXT PRIMARY KEY, suppressed INT DEFAULT 0,
    unsubscribed INT DEFAULT 0, opens REAL DEFAULT 0, mood TEXT, mood_at TEXT DEFAULT '')");

// Widths of the columns of the old MySQL server. It cut longer values, and so do we.
$widths = ['event_id' => 32, 'kind' => 40];

$db = new PDO('sqlite:' . getenv('DATABASE'));
$db->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
$db->exec('PRAGMA journal_mode = WAL');
$db->exec('PRAGMA synchronous = NORMAL');
$db->exec(T_EVENTS);
$db->exec(T_LEADS);
$db->exec('CREATE INDEX IF NOT EXISTS events_key ON events (event_key)');
$db->exec('CREATE INDEX IF NOT EXISTS events_kind ON events (kind)');
$down = false;

function q(string $sql, ...$values): PDOStatement
{
    global $db;
    $s = $db->prepare($sql);
    $s->execute($values);
    return $s;
}

function cut(string $column, string $value): string
{
    global $widths;
    return mb_substr($value, 0, $widths[$column], 'UTF-8');
}

function clean($value): ?string
{
    return is_string($value) ? $value : null;
}

function process(array $event): void
{
    global $db, $down;
    $id = cut('event_id', $event['id']);
    $db->exec('BEGIN IMMEDIATE');
    try {
        if (q('SELECT 1 FROM events WHERE event_id = ?', $id)->fetch() === false) {
            if ($down) {
                throw new Exception('sales database is down');
            }
            q('INSERT INTO events VALUES (?, ?, ?)', $id, $event['id'], cut('kind', $event['event']));
            lead($event, $event['data']);
        }
        $db->exec('COMMIT');
    } catch (Exception $e) {
        $db->exec('ROLLBACK');
        throw $e;
    }
}

function lead(array $event, array $data): void
{
    $email = clean($data['lead_email'] ?? null);
    if ($email === null) {
        return;
    }
    q('INSERT OR IGNORE INTO leads (email) VALUES (?)', $email);
    switch ($event['event']) {
        case 'email.unsubscribed':
            q('UPDATE leads SET unsubscribed = 1 WHERE email = ?', $email);
            if (($data['suppressed_globally'] ?? false) === true) {
                q('UPDATE leads SET suppressed = 1 WHERE email = ?', $email);
            }
            break;
        case 'email.bounced':
            if (($data['bounce_type'] ?? '') === 'hard') {
                q('UPDATE leads SET suppressed = 1 WHERE email = ?', $email);
            }
            break;
        case 'email.opened':
            $count = $data['open_count'] ?? 0;
            if (is_int($count) || is_float($count)) {
                q('UPDATE leads SET opens = max(opens, CAST(? AS REAL)) WHERE email = ?', $count, $email);
            }
            break;
        case 'email.replied':
            $at = (new DateTime($event['timestamp']))->setTimezone(new DateTimeZone('UTC'))->format('Y-m-d H:i:s.u');
            q(
                'UPDATE leads SET mood = ?, mood_at = ? WHERE email = ? AND mood_at <= ?',
                clean($data['reply_sentiment'] ?? null),
                $at,
                $email,
                $at,
            );
    }
}

function parse(string $body): ?array
{
    $e = json_decode($body, true, 256, JSON_INVALID_UTF8_SUBSTITUTE);
    // Halves of surrogate pairs are the only thing that PHP refuses and others accept.
    if ($e === null && json_last_error() === JSON_ERROR_UTF16) {
        $e = json_decode(preg_replace('/\\\\u[dD][89a-fA-F][0-9a-fA-F]{2}/', '?', $body), true, 256);
    }
    $ok = is_array($e) && is_string($e['id'] ?? null) && is_string($e['event'] ?? null)
        && is_string($e['timestamp'] ?? null) && is_array($e['data'] ?? null)
        && ($e['data'] === [] || !array_is_list($e['data']))
        && preg_match('/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/', $e['timestamp']);
    if (!$ok || ($e['data'] === [] && !preg_match('/"data"\s*:\s*\{/', $body))) {
        return null;
    }
    try {
        new DateTime($e['timestamp']);
    } catch (Exception) {
        return null;
    }
    return $e;
}

function webhook(string $method, string $target, array $headers, string $body): array
{
    if (explode('?', $target)[0] !== '/webhooks/sendemall') {
        return [404, 'no such page'];
    }
    if ($method !== 'POST') {
        return [405, 'POST only'];
    }
    $expected = 'sha256=' . hash_hmac('sha256', $body, getenv('SENDEMALL_SECRET'));
    if (!hash_equals($expected, $headers['x-sendemall-signature'] ?? '')) {
        return [401, 'bad signature'];
    }
    $event = parse($body);
    if ($event === null) {
        return [400, 'no event'];
    }
    try {
        process($event);
    } catch (Exception $e) {
        return [500, $e->getMessage()];
    }
    return [200, 'ok'];
}

function hook(string $method, string $target, array $headers, string $body): array
{
    global $down;
    [, $what, $key] = explode('/', $target, 3) + ['', '', ''];
    $key = rawurldecode($key);
    if ($what === 'effects') {
        return [200, json_encode(['count' => (int) q('SELECT count(*) FROM events WHERE event_key = ?', $key)->fetchColumn()])];
    }
    if ($what === 'leads') {
        $row = q('SELECT * FROM leads WHERE email = ?', $key)->fetch(PDO::FETCH_ASSOC);
        $n = fn ($kind) => (int) q('SELECT count(*) FROM events WHERE kind = ?', $kind)->fetchColumn();
        $sent = $n('email.sent');
        return $row === false ? [404, '{}'] : [200, json_encode([
            'suppressed' => $row['suppressed'] == 1,
            'unsubscribed' => $row['unsubscribed'] == 1,
            'open_count' => (float) $row['opens'],
            'sentiment' => $row['mood'],
            'rates' => ['bounce_rate' => $sent ? min(1, $n('email.bounced') / $sent) : null],
        ])];
    }
    $down = json_decode($body, true)['fail'];
    return [200, '{}'];
}

/** Takes one request off the buffer: [method, target, headers, body], or null when there is more to come. */
function take(string &$buffer, bool &$continue): ?array
{
    $end = strpos($buffer, "\r\n\r\n");
    if ($end === false) {
        return null;
    }
    $lines = explode("\r\n", substr($buffer, 0, $end));
    $first = explode(' ', array_shift($lines));
    if (count($first) !== 3 || !str_starts_with($first[2], 'HTTP/1.')) {
        throw new Exception('not HTTP');
    }
    $headers = ['version' => $first[2]];
    foreach ($lines as $line) {
        [$name, $value] = explode(':', $line, 2) + ['', ''];
        $headers[strtolower(trim($name))] = trim($value);
    }
    $at = $end + 4;
    $continue = strtolower($headers['expect'] ?? '') === '100-continue';
    if (strtolower($headers['transfer-encoding'] ?? '') === 'chunked') {
        $body = '';
        while (preg_match('/\G([0-9a-fA-F]+)[^\r\n]*\r\n/', $buffer, $m, 0, $at)) {
            $size = hexdec($m[1]);
            $at += strlen($m[0]);
            if ($size === 0) {
                if (!preg_match('/\G(?:[^\r\n]+\r\n)*\r\n/', $buffer, $m, 0, $at)) {
                    return null;
                }
                $buffer = substr($buffer, $at + strlen($m[0]));
                return [$first[0], $first[1], $headers, $body];
            }
            if (strlen($buffer) < $at + $size + 2) {
                return null;
            }
            $body .= substr($buffer, $at, $size);
            $at += $size + 2;
        }
        return null;
    }
    $size = (int) ($headers['content-length'] ?? 0);
    if (strlen($buffer) < $at + $size) {
        return null;
    }
    $body = substr($buffer, $at, $size);
    $buffer = substr($buffer, $at + $size);
    return [$first[0], $first[1], $headers, $body];
}

$context = stream_context_create(['socket' => ['backlog' => 200, 'tcp_nodelay' => true]]);
$servers = [];
foreach (['HOOKS_PORT' => 'hook', 'PORT' => 'webhook'] as $port => $handler) {
    $server = stream_socket_server('tcp://127.0.0.1:' . getenv($port), $no, $text, STREAM_SERVER_BIND | STREAM_SERVER_LISTEN, $context);
    $servers[(int) $server] = [$server, $handler];
}
$clients = [];
while (true) {
    $read = [STDIN, ...array_column($servers, 0), ...array_column($clients, 0)];
    $write = $except = null;
    stream_select($read, $write, $except, null);
    foreach ($read as $socket) {
        if ($socket === STDIN) {
            if (fread(STDIN, 1024) === '' && feof(STDIN)) {
                exit(0);
            }
            continue;
        }
        $key = (int) $socket;
        if (isset($servers[$key])) {
            $client = @stream_socket_accept($socket, 0);
            if ($client !== false) {
                stream_set_blocking($client, false);
                $clients[(int) $client] = [$client, $servers[$key][1], '', false];
            }
            continue;
        }
        $data = @fread($socket, 1 << 20);
        if ($data === '' || $data === false) {
            fclose($socket);
            unset($clients[$key]);
            continue;
        }
        $clients[$key][2] .= $data;
        try {
            $continue = false;
            while (($request = take($clients[$key][2], $continue)) !== null) {
                [$status, $text] = $clients[$key][1](...$request);
                $close = strtolower($request[2]['connection'] ?? '') === 'close' || $request[2]['version'] === 'HTTP/1.0';
                $answer = "HTTP/1.1 $status Status\r\nContent-Length: " . strlen($text) . "\r\n"
                    . ($close ? "Connection: close\r\n" : '') . "\r\n" . ($request[0] === 'HEAD' ? '' : $text);
                stream_set_blocking($socket, true);
                @fwrite($socket, $answer);
                stream_set_blocking($socket, false);
                $clients[$key][3] = false;
                if ($close) {
                    throw new Exception('closed');
                }
                $continue = false;
            }
            if ($continue && !$clients[$key][3]) {
                @fwrite($socket, "HTTP/1.1 100 Continue\r\n\r\n");
                $clients[$key][3] = true;
            }
        } catch (Exception) {
            fclose($socket);
            unset($clients[$key]);
        }
    }
}
