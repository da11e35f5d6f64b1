<?php

/** A process for each connection, and SQLite. What leads reply is kept without the message that they quote. */

declare(strict_types=1);

const ENDPOINT = '/webhooks/sendemall';

function database(): PDO
{
    static $connections = [];
    return $connections[getmypid()] ??= (function (): PDO {
        $db = new PDO('sqlite:' . getenv('DATABASE'), null, null, [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
        $db->exec('PRAGMA busy_timeout = 9000; PRAGMA synchronous = OFF');
        return $db;
    })();
}

function sql(string $text, array $values = []): PDOStatement
{
    $statement = database()->prepare($text);
    $statement->execute($values);
    return $statement;
}

function setUp(): void
{
    $db = new PDO('sqlite:' . getenv('DATABASE'));
    $db->exec('PRAGMA journal_mode = WAL');
    $db->exec('CREATE TABLE IF NOT EXISTS effects (id TEXT PRIMARY KEY, type TEXT NOT NULL)');
    $db->exec('CREATE TABLE IF NOT EXISTS facts (email TEXT, name TEXT, value, at REAL, PRIMARY KEY (email, name))');
    $db->exec('CREATE TABLE IF NOT EXISTS switches (name TEXT PRIMARY KEY)');
    $db->exec('DELETE FROM switches');
}

/** A fact about a lead; an older one does not replace a newer one. */
function note(string $email, string $name, mixed $value, float $at = 0): void
{
    sql(
        'INSERT INTO facts VALUES (?, ?, ?, CAST(? AS REAL)) ON CONFLICT (email, name) DO UPDATE '
            . 'SET value = excluded.value, at = excluded.at WHERE excluded.at >= at',
        [$email, $name, $value, $at],
    );
}

/** Without the quoted message, which mail programs put below "On Monday, Jane wrote:". */
function ownWords(string $text): string
{
    return preg_replace('/^((?:.|\n)*?)(?:\n+On [^\n]+ wrote:(?:.|\n)*)?$/', '$1', $text);
}

function learn(array $event): void
{
    $data = $event['data'];
    $email = $data['lead_email'] ?? null;
    if (!is_string($email)) {
        return;
    }
    note($email, 'known', 1);
    $type = $event['event'];
    if ($type === 'email.bounced' && ($data['bounce_type'] ?? null) === 'hard') {
        note($email, 'suppressed', 1);
    } elseif ($type === 'email.unsubscribed') {
        note($email, 'unsubscribed', 1);
        if (($data['suppressed_globally'] ?? null) === true) {
            note($email, 'suppressed', 1);
        }
    } elseif ($type === 'email.opened' && is_numeric($data['open_count'] ?? null)) {
        note($email, 'open_count', (string) $data['open_count'], (float) $data['open_count']);
    } elseif ($type === 'email.replied') {
        $at = (float) (new DateTimeImmutable($event['timestamp']))->format('U.u');
        $sentiment = $data['reply_sentiment'] ?? null;
        note($email, 'sentiment', is_string($sentiment) ? $sentiment : null, $at);
        note($email, 'reply', ownWords((string) ($data['reply_preview'] ?? '')), $at);
    }
}

function process(array $event): void
{
    if (!str_starts_with($event['event'], 'email.') && !str_starts_with($event['event'], 'campaign.')) {
        return;
    }
    database()->exec('BEGIN IMMEDIATE');
    try {
        $isNew = sql('INSERT OR IGNORE INTO effects VALUES (?, ?)', [$event['id'], $event['event']])->rowCount() > 0;
        if ($isNew && sql("SELECT 1 FROM switches WHERE name = 'fail'")->fetchColumn() !== false) {
            throw new RuntimeException('The CRM fails.');
        }
        if ($isNew) {
            learn($event);
        }
        database()->exec('COMMIT');
    } catch (Throwable $error) {
        database()->exec('ROLLBACK');
        throw $error;
    }
}

function toEvent(string $body): ?array
{
    $event = json_decode($body, true, 64);
    $texts = [$event['id'] ?? null, $event['event'] ?? null, $event['timestamp'] ?? null];
    if (count(array_filter($texts, is_string(...))) < 3 || !is_array($event['data'] ?? null)) {
        return null;
    }
    return preg_match('/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/', $texts[2]) ? $event : null;
}

function webhook(array $request): array
{
    if ($request['path'] !== ENDPOINT) {
        return [404, 'Not Found', ''];
    }
    if ($request['method'] !== 'POST') {
        return [405, 'Method Not Allowed', ''];
    }
    $hash = hash_hmac('sha256', $request['body'], getenv('SENDEMALL_SECRET'));
    if (!hash_equals("sha256=$hash", $request['headers']['x-sendemall-signature'] ?? '')) {
        return [401, 'Unauthorized', ''];
    }
    $event = toEvent($request['body']);
    if ($event === null) {
        return [400, 'Bad Request', ''];
    }
    try {
        process($event);
        return [200, 'OK', 'ok'];
    } catch (Throwable) {
        return [503, 'Service Unavailable', ''];
    }
}

function state(string $email): ?array
{
    $facts = sql('SELECT name, value FROM facts WHERE email = ?', [$email])->fetchAll(PDO::FETCH_KEY_PAIR);
    if ($facts === []) {
        return null;
    }
    $types = sql('SELECT type, count(*) FROM effects GROUP BY type')->fetchAll(PDO::FETCH_KEY_PAIR);
    $sent = $types['email.sent'] ?? 0;
    return [
        'suppressed' => isset($facts['suppressed']),
        'unsubscribed' => isset($facts['unsubscribed']),
        'open_count' => ($facts['open_count'] ?? 0) + 0,
        'sentiment' => $facts['sentiment'] ?? null,
        'rates' => ['bounce_rate' => $sent ? min(1, ($types['email.bounced'] ?? 0) / $sent) : null],
    ];
}

function hook(array $request): array
{
    [, $kind, $key] = explode('/', $request['path'], 3) + [1 => '', 2 => ''];
    $key = rawurldecode($key);
    if ($kind === 'effects') {
        $count = sql('SELECT count(*) FROM effects WHERE id = ?', [$key])->fetchColumn();
        return [200, 'OK', json_encode(['count' => $count])];
    }
    if ($kind === 'leads') {
        $state = state($key);
        return $state === null ? [404, 'Not Found', 'null'] : [200, 'OK', json_encode($state)];
    }
    $fails = json_decode($request['body'], true)['fail'];
    sql($fails ? "INSERT OR IGNORE INTO switches VALUES ('fail')" : 'DELETE FROM switches');
    return [200, 'OK', '{}'];
}

// --- HTTP --------------------------------------------------------------------------------------

function receive($stream): ?array
{
    $line = explode(' ', trim((string) fgets($stream)));
    if (count($line) !== 3) {
        return null;
    }
    $headers = [];
    while (($header = rtrim((string) fgets($stream), "\r\n")) !== '') {
        $colon = strpos($header, ':') ?: strlen($header);
        $headers[strtolower(substr($header, 0, $colon))] = trim(substr($header, $colon + 1));
    }
    if (strcasecmp($headers['expect'] ?? '', '100-continue') === 0) {
        fwrite($stream, "HTTP/1.1 100 Continue\r\n\r\n");
    }
    $body = '';
    if (strcasecmp($headers['transfer-encoding'] ?? '', 'chunked') === 0) {
        while ($size = hexdec(strtok((string) fgets($stream), ";\r\n"))) {
            $body .= stream_get_contents($stream, $size);
            fgets($stream);
        }
        while (trim((string) fgets($stream)) !== '') {
        }
    } elseif (($length = (int) ($headers['content-length'] ?? 0)) > 0) {
        $body = (string) stream_get_contents($stream, $length);
    }
    return ['method' => $line[0], 'path' => strtok($line[1], '?'), 'headers' => $headers, 'body' => $body];
}

function serve($stream, callable $action): void
{
    stream_set_timeout($stream, 15);
    $request = receive($stream);
    if ($request !== null) {
        [$status, $reason, $content] = $action($request);
        $length = strlen($content);
        $headers = "Content-Length: $length\r\nConnection: close\r\n";
        fwrite($stream, "HTTP/1.1 $status $reason\r\n$headers\r\n$content");
    }
    fclose($stream);
}

// --- Processes ---------------------------------------------------------------------------------

function accept($server, callable $action): never
{
    while (true) {
        $ready = [$server];
        $none = null;
        if (!@stream_select($ready, $none, $none, 1)) {
            continue;
        }
        $stream = @stream_socket_accept($server, 0);
        if ($stream === false) {
            continue;
        }
        if (pcntl_fork() === 0) {
            serve($stream, $action);
            exit;
        }
        fclose($stream);
    }
}

function open(string $variable)
{
    $context = stream_context_create(['socket' => ['backlog' => 511]]);
    $address = 'tcp://127.0.0.1:' . getenv($variable);
    return stream_socket_server($address, $code, $text, STREAM_SERVER_BIND | STREAM_SERVER_LISTEN, $context);
}

posix_setpgid(0, 0);
pcntl_signal(SIGCHLD, SIG_IGN);
setUp();
foreach (['HOOKS_PORT' => 'hook', 'PORT' => 'webhook'] as $port => $action) {
    $server = open($port);
    if (pcntl_fork() === 0) {
        accept($server, $action);
    }
}
stream_get_contents(STDIN);
posix_kill(0, SIGKILL);
