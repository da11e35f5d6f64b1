<?php

/**
 * Takes connections in rounds: whoever waits at the same moment is served side by side, each by a process of its own.
 * Activities have random numbers, so that nobody can tell from them how many there are.
 */

declare(strict_types=1);

const ENDPOINT = '/webhooks/sendemall';
const SCHEMA = <<<'SQL'
    PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS activities (
        number INTEGER PRIMARY KEY,
        event_id TEXT NOT NULL UNIQUE,
        type TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS activities_by_type ON activities (type);
    CREATE TABLE IF NOT EXISTS contacts (
        email TEXT PRIMARY KEY,
        suppressed INTEGER NOT NULL DEFAULT 0,
        unsubscribed INTEGER NOT NULL DEFAULT 0,
        open_count INTEGER NOT NULL DEFAULT 0,
        sentiment TEXT,
        replied_at REAL NOT NULL DEFAULT 0
    );
    CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
    INSERT OR REPLACE INTO settings VALUES ('outage', 0);
    SQL;

function connect(): PDO
{
    $db = new PDO('sqlite:' . getenv('DATABASE'));
    $db->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
    $db->exec('PRAGMA busy_timeout = 9000; PRAGMA synchronous = OFF');
    return $db;
}

final class Activities
{
    public function __construct(private readonly PDO $db)
    {
    }

    public function query(string $sql, mixed ...$values): PDOStatement
    {
        $statement = $this->db->prepare($sql);
        $statement->execute($values);
        return $statement;
    }

    public function add(array $event): void
    {
        $this->db->exec('BEGIN IMMEDIATE');
        try {
            $added = $this->query(
                'INSERT OR IGNORE INTO activities VALUES (?, ?, ?)',
                mt_rand(),
                $event['id'],
                $event['event'],
            );
            if ($added->rowCount() === 1) {
                if ($this->query("SELECT value FROM settings WHERE name = 'outage'")->fetchColumn() === 1) {
                    throw new RuntimeException('The CRM does not answer.');
                }
                $this->apply($event['event'], $event['data'], new DateTimeImmutable($event['timestamp']));
            }
            $this->db->exec('COMMIT');
        } catch (Throwable $error) {
            $this->db->exec('ROLLBACK');
            throw $error;
        }
    }

    private function apply(string $type, array $data, DateTimeImmutable $time): void
    {
        $email = $data['lead_email'] ?? null;
        if (!is_string($email)) {
            return;
        }
        $this->query('INSERT OR IGNORE INTO contacts (email) VALUES (?)', $email);
        switch ($type) {
            case 'email.bounced':
                if (($data['bounce_type'] ?? null) === 'hard') {
                    $this->query('UPDATE contacts SET suppressed = 1 WHERE email = ?', $email);
                }
                break;
            case 'email.unsubscribed':
                $this->query('UPDATE contacts SET unsubscribed = 1 WHERE email = ?', $email);
                if (($data['suppressed_globally'] ?? null) === true) {
                    $this->query('UPDATE contacts SET suppressed = 1 WHERE email = ?', $email);
                }
                break;
            case 'email.opened':
                $count = $data['open_count'] ?? null;
                if (is_int($count) || is_float($count)) {
                    $count = (int) min($count, 2 ** 60);
                    $this->query(
                        'UPDATE contacts SET open_count = max(open_count, CAST(? AS INTEGER)) WHERE email = ?',
                        $count,
                        $email,
                    );
                }
                break;
            case 'email.replied':
                $sentiment = $data['reply_sentiment'] ?? null;
                $this->query(
                    'UPDATE contacts SET sentiment = ?1, replied_at = CAST(?2 AS REAL) '
                        . 'WHERE email = ?3 AND replied_at <= CAST(?2 AS REAL)',
                    is_string($sentiment) ? $sentiment : null,
                    $time->format('U.u'),
                    $email,
                );
                break;
        }
    }

    private function number(string $type): int
    {
        return (int) $this->query('SELECT count(*) FROM activities WHERE type = ?', $type)->fetchColumn();
    }

    public function contact(string $email): ?array
    {
        $row = $this->query('SELECT * FROM contacts WHERE email = ?', $email)->fetch(PDO::FETCH_ASSOC);
        if ($row === false) {
            return null;
        }
        $sent = $this->number('email.sent');
        return [
            'suppressed' => $row['suppressed'] === 1,
            'unsubscribed' => $row['unsubscribed'] === 1,
            'open_count' => $row['open_count'],
            'sentiment' => $row['sentiment'],
            'rates' => ['bounce_rate' => $sent === 0 ? null : min(1, $this->number('email.bounced') / $sent)],
        ];
    }
}

function parse(string $body): ?array
{
    $event = json_decode($body, true, 200);
    if (!is_array($event) || !is_array($event['data'] ?? null)) {
        return null;
    }
    // An empty list and an empty object look the same by now.
    if (array_is_list($event['data']) && preg_match('/"data"\s*:\s*\{/', $body) !== 1) {
        return null;
    }
    foreach (['id', 'event', 'timestamp'] as $name) {
        if (!is_string($event[$name] ?? null)) {
            return null;
        }
    }
    $isTime = preg_match('/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/D', $event['timestamp']);
    return $isTime === 1 ? $event : null;
}

function webhook(string $method, string $path, array $headers, string $body): array
{
    if ($path !== ENDPOINT) {
        return [404, 'not found'];
    }
    if ($method !== 'POST') {
        return [405, 'POST only'];
    }
    $expected = 'sha256=' . hash_hmac('sha256', $body, getenv('SENDEMALL_SECRET'));
    if (!hash_equals($expected, $headers['x-sendemall-signature'] ?? '')) {
        return [401, 'invalid signature'];
    }
    $event = parse($body);
    if ($event === null) {
        return [400, 'not an event'];
    }
    if (preg_match('/^(email|campaign)\./', $event['event']) === 1) {
        try {
            (new Activities(connect()))->add($event);
        } catch (Throwable) {
            return [503, 'try again later'];
        }
    }
    return [200, 'received'];
}

function hook(string $method, string $path, array $headers, string $body): array
{
    $activities = new Activities(connect());
    [, $kind, $key] = explode('/', "$path//", 3);
    $key = rawurldecode(substr($key, 0, -1));
    $key = str_ends_with($key, '/') ? substr($key, 0, -1) : $key;
    switch ($kind) {
        case 'effects':
            $count = $activities->query('SELECT count(*) FROM activities WHERE event_id = ?', $key)->fetchColumn();
            return [200, json_encode(['count' => $count])];
        case 'leads':
            $contact = $activities->contact($key);
            return [$contact === null ? 404 : 200, json_encode($contact)];
        default:
            $outage = (int) json_decode($body, true)['fail'];
            $activities->query("UPDATE settings SET value = CAST(? AS INTEGER) WHERE name = 'outage'", $outage);
            return [200, '{}'];
    }
}

// --- HTTP ----------------------------------------------------------------------------------------

/** @return array{string, string, array<string, string>, string}|null null when there is no request */
function readRequest($stream): ?array
{
    $first = explode(' ', rtrim((string) fgets($stream)));
    if (count($first) !== 3) {
        return null;
    }
    $headers = [];
    while (!feof($stream) && ($line = rtrim((string) fgets($stream), "\r\n")) !== '') {
        [$name, $value] = explode(':', "$line:", 2);
        $headers[strtolower($name)] = trim(substr($value, 0, -1));
    }
    if (strtolower($headers['expect'] ?? '') === '100-continue') {
        fwrite($stream, "HTTP/1.1 100 Continue\r\n\r\n");
    }
    $isChunked = strtolower($headers['transfer-encoding'] ?? '') === 'chunked';
    $body = $isChunked ? readChunks($stream) : readBytes($stream, (int) ($headers['content-length'] ?? 0));
    return $body === null ? null : [$first[0], explode('?', $first[1])[0], $headers, $body];
}

function readBytes($stream, int $length): ?string
{
    $bytes = $length === 0 ? '' : (string) stream_get_contents($stream, $length);
    return strlen($bytes) === $length ? $bytes : null;
}

function readChunks($stream): ?string
{
    $body = '';
    while (($size = hexdec(explode(';', trim((string) fgets($stream)))[0])) > 0) {
        $chunk = readBytes($stream, (int) $size);
        if ($chunk === null) {
            return null;
        }
        $body .= $chunk;
        fgets($stream);
    }
    while (trim((string) fgets($stream)) !== '') {
    }
    return $body;
}

function serve($stream, callable $handler): never
{
    stream_set_blocking($stream, true);
    stream_set_timeout($stream, 20);
    $request = readRequest($stream);
    [$status, $content] = $request === null ? [400, ''] : $handler(...$request);
    $length = strlen($content);
    @fwrite($stream, "HTTP/1.1 $status Status\r\nContent-Length: $length\r\nConnection: close\r\n\r\n");
    if (($request[0] ?? '') !== 'HEAD') {
        @fwrite($stream, $content);
    }
    @stream_socket_shutdown($stream, STREAM_SHUT_WR);
    exit;
}

/** All connections that wait. */
function waiting($server): array
{
    $streams = [];
    while (($stream = @stream_socket_accept($server, 0)) !== false) {
        $streams[] = $stream;
    }
    return $streams;
}

/** @param array<string, array{resource, callable}> $servers by the name of their port */
function serveRound(array $servers, string $port, $log): void
{
    [$server, $handler] = $servers[$port];
    $streams = waiting($server);
    fprintf($log, "round %08x at %s: %d\n", mt_rand(), $port, count($streams));
    foreach ($streams as $stream) {
        while (($process = @pcntl_fork()) === -1) {
            usleep(10_000);
        }
        if ($process === 0) {
            array_map(fclose(...), array_column($servers, 0));
            serve($stream, $handler);
        }
    }
    array_map(fclose(...), $streams);
}

/** Until the standard input ends. */
function run(array $servers, $log): void
{
    while (true) {
        $ready = ['input' => STDIN] + array_map(fn (array $server) => $server[0], $servers);
        $none = null;
        if (!@stream_select($ready, $none, $none, 1)) {
            continue;
        }
        if (isset($ready['input'])) {
            return;
        }
        foreach (array_keys($ready) as $port) {
            serveRound($servers, $port, $log);
        }
    }
}

function listen(string $port)
{
    $context = stream_context_create(['socket' => ['backlog' => 500]]);
    $flags = STREAM_SERVER_BIND | STREAM_SERVER_LISTEN;
    $server = stream_socket_server('tcp://127.0.0.1:' . getenv($port), $code, $message, $flags, $context);
    stream_set_blocking($server, false);
    return $server;
}

posix_setpgid(0, 0);
pcntl_signal(SIGCHLD, SIG_IGN);
(new PDO('sqlite:' . getenv('DATABASE')))->exec(SCHEMA);
$log = fopen('/dev/null', 'w');
$servers = [
    'HOOKS_PORT' => [listen('HOOKS_PORT'), hook(...)],
    'PORT' => [listen('PORT'), webhook(...)],
];
run($servers, $log);
posix_kill(0, SIGKILL);
