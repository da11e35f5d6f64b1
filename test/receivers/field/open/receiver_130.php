<?php

/** A socket server that works on one event at a time, and SQLite. */

declare(strict_types=1);

const PATH = '/webhooks/sendemall';
const SCHEMA = <<<'SQL'
    PRAGMA journal_mode = WAL;
    CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY);
    CREATE TABLE IF NOT EXISTS effects (id TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS effects_by_id ON effects (id);
    CREATE TABLE IF NOT EXISTS totals (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS leads (
        email TEXT PRIMARY KEY, suppressed INTEGER NOT NULL DEFAULT 0, unsubscribed INTEGER NOT NULL DEFAULT 0,
        open_count INTEGER NOT NULL DEFAULT 0, sentiment TEXT, replied_at INTEGER NOT NULL DEFAULT 0);
    DELETE FROM totals WHERE name = 'crm_is_down';
    SQL;

function db(): PDO
{
    static $db = null;
    if ($db === null) {
        $db = new PDO('sqlite:' . getenv('DATABASE'), null, null, [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
        $db->exec('PRAGMA busy_timeout = 8000; PRAGMA synchronous = OFF');
    }
    return $db;
}

function run(string $sql, mixed ...$values): PDOStatement
{
    $statement = db()->prepare($sql);
    $statement->execute($values);
    return $statement;
}

function total(string $name): int
{
    return (int) run('SELECT value FROM totals WHERE name = ?', $name)->fetchColumn();
}

function updateLead(array $event): void
{
    $data = $event['data'];
    $email = $data['lead_email'] ?? null;
    if (!is_string($email)) {
        return;
    }
    run('INSERT OR IGNORE INTO leads (email) VALUES (?)', $email);
    switch ($event['event']) {
        case 'email.bounced':
            if (($data['bounce_type'] ?? null) === 'hard') {
                run('UPDATE leads SET suppressed = 1 WHERE email = ?', $email);
            }
            break;
        case 'email.unsubscribed':
            run('UPDATE leads SET unsubscribed = 1 WHERE email = ?', $email);
            if (($data['suppressed_globally'] ?? null) === true) {
                run('UPDATE leads SET suppressed = 1 WHERE email = ?', $email);
            }
            break;
        case 'email.opened':
            $count = is_numeric($data['open_count'] ?? null) ? (int) $data['open_count'] : 0;
            run('UPDATE leads SET open_count = max(open_count, CAST(? AS INTEGER)) WHERE email = ?', $count, $email);
            break;
        case 'email.replied':
            $at = (new DateTimeImmutable($event['timestamp']))->getTimestamp();
            run(
                'UPDATE leads SET sentiment = ?, replied_at = ? WHERE email = ? AND replied_at <= CAST(? AS INTEGER)',
                $data['reply_sentiment'] ?? null,
                $at,
                $email,
                $at,
            );
            break;
    }
}

/** Does what the event asks for. Unknown types are acknowledged and ignored. */
function apply(array $event): void
{
    if (preg_match('/^(email|campaign)\./', $event['event']) !== 1) {
        return;
    }
    if (total('crm_is_down') === 1) {
        throw new RuntimeException('The CRM does not answer.');
    }
    run('INSERT INTO effects (id) VALUES (?)', $event['id']);
    run('INSERT INTO totals VALUES (?, 1) ON CONFLICT DO UPDATE SET value = value + 1', $event['event']);
    updateLead($event);
}

/** The event's id and its effects are one transaction. */
function handle(array $event): void
{
    db()->exec('BEGIN IMMEDIATE');
    try {
        if (run('INSERT OR IGNORE INTO events (id) VALUES (?)', $event['id'])->rowCount() === 1) {
            apply($event);
        }
        db()->exec('COMMIT');
    } catch (Throwable $error) {
        db()->exec('ROLLBACK');
        throw $error;
    }
}

function parse(string $body): ?array
{
    $event = json_decode($body, true);
    $isEvent = is_array($event)
        && is_string($event['id'] ?? null)
        && is_string($event['event'] ?? null)
        && is_array($event['data'] ?? null)
        && is_string($event['timestamp'] ?? null)
        && preg_match('/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/', $event['timestamp']) === 1;
    return $isEvent ? $event : null;
}

function isSigned(string $body, string $given): bool
{
    return hash_equals('sha256=' . hash_hmac('sha256', $body, getenv('SENDEMALL_SECRET')), $given);
}

/** The CRM takes one request at a time. */
function inTurn(callable $action): void
{
    $lock = fopen(getenv('DATABASE') . '.lock', 'c');
    flock($lock, LOCK_EX);
    usleep(90_000);
    try {
        $action();
    } finally {
        flock($lock, LOCK_UN);
    }
}

function receive(string $method, string $path, string $signature, string $body): int
{
    if ($path !== PATH) {
        return 404;
    }
    if ($method !== 'POST') {
        return 405;
    }
    if (!isSigned($body, $signature)) {
        return 401;
    }
    $event = parse($body);
    if ($event === null) {
        return 400;
    }
    try {
        inTurn(fn () => handle($event));
    } catch (Throwable) {
        return 503;
    }
    return 200;
}

function stateOf(string $email): ?array
{
    $lead = run('SELECT * FROM leads WHERE email = ?', $email)->fetch(PDO::FETCH_ASSOC);
    if ($lead === false) {
        return null;
    }
    $sent = total('email.sent');
    return [
        'suppressed' => $lead['suppressed'] === 1,
        'unsubscribed' => $lead['unsubscribed'] === 1,
        'open_count' => $lead['open_count'],
        'sentiment' => $lead['sentiment'],
        'rates' => ['bounce_rate' => $sent === 0 ? null : min(1, total('email.bounced') / $sent)],
    ];
}

/** Test hooks, on a port of their own. */
function hook(string $path, string $body): ?array
{
    [, $kind, $key] = explode('/', $path, 3) + ['', '', ''];
    $key = rawurldecode($key);
    switch ($kind) {
        case 'effects':
            return ['count' => (int) run('SELECT count(*) FROM effects WHERE id = ?', $key)->fetchColumn()];
        case 'leads':
            return stateOf($key);
        default:
            $fail = (int) json_decode($body, true)['fail'];
            run("INSERT OR REPLACE INTO totals VALUES ('crm_is_down', ?)", $fail);
            return [];
    }
}

/** Method, path, headers with names in lower case, and body. */
function readRequest($connection): ?array
{
    $first = explode(' ', (string) fgets($connection));
    if (count($first) < 3) {
        return null;
    }
    $headers = [];
    while (($line = trim((string) fgets($connection))) !== '') {
        [$name, $value] = explode(':', $line, 2) + ['', ''];
        $headers[strtolower($name)] = trim($value);
    }
    $isChunked = strtolower($headers['transfer-encoding'] ?? '') === 'chunked';
    $body = $isChunked ? readChunks($connection) : readBody($connection, (int) ($headers['content-length'] ?? 0));
    return [$first[0], explode('?', $first[1])[0], $headers, $body];
}

function readBody($connection, int $length): string
{
    return $length > 0 ? (string) stream_get_contents($connection, $length) : '';
}

function readChunks($connection): string
{
    $body = '';
    while (($size = hexdec(explode(';', trim((string) fgets($connection)))[0])) > 0) {
        $body .= stream_get_contents($connection, $size);
        fgets($connection);
    }
    fgets($connection);
    return $body;
}

function respond($connection, int $status, string $content): void
{
    $length = strlen($content);
    $head = "HTTP/1.1 $status Status\r\nContent-Type: application/json\r\nContent-Length: $length\r\n";
    fwrite($connection, "{$head}Connection: close\r\n\r\n$content");
}

function serve($connection, bool $isHook): void
{
    stream_set_timeout($connection, 20);
    $request = readRequest($connection);
    if ($request === null) {
        return;
    }
    [$method, $path, $headers, $body] = $request;
    if ($isHook) {
        $found = hook($path, $body);
        respond($connection, $found === null ? 404 : 200, json_encode($found, JSON_FORCE_OBJECT));
    } else {
        respond($connection, receive($method, $path, $headers['x-sendemall-signature'] ?? '', $body), '');
    }
}

function listen(string $name)
{
    $context = stream_context_create(['socket' => ['backlog' => 256]]);
    $flags = STREAM_SERVER_BIND | STREAM_SERVER_LISTEN;
    return stream_socket_server('tcp://127.0.0.1:' . getenv($name), $code, $message, $flags, $context);
}

function createTables(): void
{
    $db = new PDO('sqlite:' . getenv('DATABASE'));
    $db->exec(SCHEMA);
}

/** A process for each connection, until the input ends. */
function acceptAll(array $servers): void
{
    while (true) {
        $ready = [STDIN, ...$servers];
        $none = [];
        stream_select($ready, $none, $none, null);
        foreach ($ready as $server) {
            if ($server === STDIN) {
                return;
            }
            $connection = @stream_socket_accept($server, 0);
            if ($connection === false) {
                continue;
            }
            if (pcntl_fork() === 0) {
                array_map('fclose', $servers);
                serve($connection, $server === $servers['HOOKS_PORT']);
                exit;
            }
            fclose($connection);
        }
    }
}

posix_setsid();
pcntl_signal(SIGCHLD, SIG_IGN);
createTables();
acceptAll(['HOOKS_PORT' => listen('HOOKS_PORT'), 'PORT' => listen('PORT')]);
// Ends with whoever started it.
posix_kill(0, SIGKILL);
