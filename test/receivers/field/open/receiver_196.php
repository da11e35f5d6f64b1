<?php

/*
 * The endpoint of a company whose standard for documents is XML in UTF-16. A child process for each connection, and
 * SQLite in common.
 */

const XML = '<?xml version="1.0" encoding="UTF-16"?>';

function database(): PDO
{
    $db = new PDO('sqlite:' . getenv('DATABASE'), null, null, [
        PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
        PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_OBJ,
        PDO::ATTR_TIMEOUT => 20,
    ]);
    $db->exec('PRAGMA synchronous = NORMAL');
    return $db;
}

function query(PDO $db, string $sql, array $values = []): PDOStatement
{
    $statement = $db->prepare($sql);
    foreach ($values as $name => $value) {
        $type = match (gettype($value)) {
            'integer', 'boolean' => PDO::PARAM_INT,
            'NULL' => PDO::PARAM_NULL,
            default => PDO::PARAM_STR,
        };
        $statement->bindValue(":$name", $value, $type);
    }
    $statement->execute();
    return $statement;
}

function install(): void
{
    $db = database();
    $db->exec('PRAGMA journal_mode = WAL');
    $db->exec('CREATE TABLE IF NOT EXISTS event (id TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID');
    $db->exec('CREATE INDEX IF NOT EXISTS event_name ON event (name)');
    $db->exec('CREATE TABLE IF NOT EXISTS lead (email TEXT PRIMARY KEY, suppressed INT NOT NULL DEFAULT 0,
        unsubscribed INT NOT NULL DEFAULT 0, opens REAL NOT NULL DEFAULT 0, sentiment TEXT,
        sentiment_at TEXT NOT NULL DEFAULT \'\')');
    $db->exec('CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value INT)');
    $db->exec("INSERT OR REPLACE INTO setting VALUES ('outage', 0)");
}

/** @return object{id: string, event: string, time: DateTimeImmutable, data: object} or null */
function event(string $body): ?object
{
    $event = json_decode($body, false, 100, JSON_INVALID_UTF8_SUBSTITUTE);
    if (json_last_error() === JSON_ERROR_UTF16) {
        // One half of a surrogate pair: it means nothing, and the rest of the event is good.
        $pair = '\\\\ud[89ab][0-9a-f]{2}\\\\ud[c-f][0-9a-f]{2}';
        $event = json_decode(preg_replace("/$pair(*SKIP)(*FAIL)|\\\\ud[89a-f][0-9a-f]{2}/i", '?', $body), false, 100);
    }
    foreach (['id', 'event', 'timestamp'] as $name) {
        if (!is_object($event) || !is_string($event->$name ?? null)) {
            return null;
        }
    }
    if (!is_object($event->data ?? null) || !preg_match('/^\d{4}-\d\d-\d\dT/', $event->timestamp)) {
        return null;
    }
    try {
        $event->time = new DateTimeImmutable($event->timestamp);
    } catch (Exception) {
        return null;
    }
    return $event;
}

function store(PDO $db, object $event): bool
{
    $db->exec('BEGIN IMMEDIATE');
    $done = false;
    try {
        if (query($db, 'SELECT 1 FROM event WHERE id = :id', ['id' => $event->id])->fetch()) {
            return $done = true;
        }
        if (query($db, "SELECT value FROM setting WHERE name = 'outage'")->fetchColumn() == 1) {
            return false;
        }
        query($db, 'INSERT INTO event VALUES (:id, :name)', ['id' => $event->id, 'name' => $event->event]);
        if (is_string($event->data->lead_email ?? null)) {
            query($db, 'INSERT OR IGNORE INTO lead (email) VALUES (:email)', ['email' => $event->data->lead_email]);
            change($db, $event, $event->data);
        }
        return $done = true;
    } finally {
        $db->exec($done ? 'COMMIT' : 'ROLLBACK');
    }
}

function change(PDO $db, object $event, object $data): void
{
    [$assignments, $values] = match ($event->event) {
        'email.opened' => ['opens = max(opens, CAST(:n AS REAL))', ['n' => (string) (float) ($data->open_count ?? 0)]],
        'email.bounced' => ['suppressed = max(suppressed, :hard)', ['hard' => ($data->bounce_type ?? '') === 'hard']],
        'email.unsubscribed' => [
            'unsubscribed = 1, suppressed = max(suppressed, :all)',
            ['all' => ($data->suppressed_globally ?? false) === true],
        ],
        'email.replied' => [
            'sentiment = CASE WHEN sentiment_at <= :at THEN :mood ELSE sentiment END, sentiment_at = max(sentiment_at, :at)',
            [
                'at' => $event->time->setTimezone(new DateTimeZone('UTC'))->format('Y-m-d\TH:i:s.u'),
                'mood' => is_string($data->reply_sentiment ?? null) ? $data->reply_sentiment : null,
            ],
        ],
        default => [null, []],
    };
    if ($assignments !== null) {
        query($db, "UPDATE lead SET $assignments WHERE email = :email", $values + ['email' => $data->lead_email]);
    }
}

/** @return array{int, string, string} status, type and content */
function webhook(PDO $db, array $request): array
{
    [$method, $target, $headers, $body] = $request;
    $status = 200;
    $expected = 'sha256=' . hash_hmac('sha256', $body, getenv('SENDEMALL_SECRET'));
    if (parse_url("http://host$target", PHP_URL_PATH) !== '/webhooks/sendemall') {
        $status = 404;
    } elseif ($method !== 'POST') {
        $status = 405;
    } elseif (!hash_equals($expected, $headers['x-sendemall-signature'] ?? '')) {
        $status = 401;
    } elseif (($event = event($body)) === null) {
        $status = 400;
    } elseif (!store($db, $event)) {
        $status = 503;
    }
    $document = XML . "\n<Acknowledgement>\n\t<Status>$status</Status>\n\t<Remark>Größe ✓</Remark>\n</Acknowledgement>\n";
    $utf16 = "\xFF\xFE" . mb_convert_encoding($document, 'UTF-16LE', 'UTF-8');
    return [$status, 'application/xml; charset=utf-16', $utf16];
}

function hooks(PDO $db, array $request): array
{
    [, $target, , $body] = $request;
    [, $kind, $key] = explode('/', $target, 3) + [2 => ''];
    $key = rawurldecode($key);
    $answer = [];
    if ($kind === 'effects') {
        $answer = ['count' => (int) query($db, 'SELECT count(*) FROM event WHERE id = :id', ['id' => $key])->fetchColumn()];
    } elseif ($kind === 'leads') {
        $lead = query($db, 'SELECT * FROM lead WHERE email = :email', ['email' => $key])->fetch();
        $count = fn ($name) => (int) query($db, 'SELECT count(*) FROM event WHERE name = :name', ['name' => $name])->fetchColumn();
        $answer = $lead ? [
            'suppressed' => (bool) $lead->suppressed,
            'unsubscribed' => (bool) $lead->unsubscribed,
            'open_count' => (float) $lead->opens,
            'sentiment' => $lead->sentiment,
            'rates' => ['bounce_rate' => ($sent = $count('email.sent')) ? min(1, $count('email.bounced') / $sent) : null],
        ] : null;
    } else {
        query($db, "UPDATE setting SET value = :on WHERE name = 'outage'", ['on' => json_decode($body)->fail]);
    }
    return [$answer === null ? 404 : 200, 'application/json', json_encode($answer)];
}

/** Reads a request: method, target, headers, body, and whether the connection stays. Null at the end. */
function read($socket): ?array
{
    $first = fgets($socket, 70000);
    if ($first === false || !preg_match('~^([A-Z]+) (\S+) HTTP/1\.([01])\r?\n$~', $first, $parts)) {
        return null;
    }
    $headers = [];
    while (($line = fgets($socket, 70000)) !== false && rtrim($line) !== '') {
        [$name, $value] = explode(':', $line, 2) + [1 => ''];
        $headers[strtolower($name)] = trim($value);
    }
    if (strtolower($headers['expect'] ?? '') === '100-continue') {
        fwrite($socket, "HTTP/1.1 100 Continue\r\n\r\n");
    }
    $body = '';
    if (strtolower($headers['transfer-encoding'] ?? '') === 'chunked') {
        while (($line = fgets($socket)) !== false && ($size = hexdec(preg_replace('/[^0-9a-f].*/is', '', $line))) > 0) {
            $body .= exactly($socket, $size);
            fgets($socket);
        }
        while (($line = fgets($socket)) !== false && rtrim($line) !== '') {
            continue;
        }
    } else {
        $body = exactly($socket, (int) ($headers['content-length'] ?? 0));
    }
    $stays = $parts[3] === '1' && strtolower($headers['connection'] ?? '') !== 'close';
    return [$parts[1], $parts[2], $headers, $body, $stays];
}

function exactly($socket, int $size): string
{
    $bytes = '';
    while (strlen($bytes) < $size) {
        $more = fread($socket, $size - strlen($bytes));
        if ($more === '' || $more === false) {
            exit;
        }
        $bytes .= $more;
    }
    return $bytes;
}

function serve($socket, callable $application): void
{
    stream_set_timeout($socket, 60);
    $db = database();
    do {
        $request = read($socket);
        if ($request === null) {
            return;
        }
        [$status, $type, $content] = $application($db, $request);
        $end = $request[4] ? '' : "Connection: close\r\n";
        $head = "HTTP/1.1 $status Status\r\nContent-Type: $type\r\n{$end}Content-Length: " . strlen($content) . "\r\n\r\n";
        fwrite($socket, $request[0] === 'HEAD' ? $head : $head . $content);
    } while ($request[4]);
}

install();
$options = stream_context_create(['socket' => ['backlog' => 256, 'tcp_nodelay' => true]]);
$listeners = [];
foreach (['hooks' => 'HOOKS_PORT', 'webhook' => 'PORT'] as $application => $port) {
    $address = 'tcp://127.0.0.1:' . getenv($port);
    $listeners[$application] = stream_socket_server($address, $code, $text, STREAM_SERVER_BIND | STREAM_SERVER_LISTEN, $options);
}
$children = [];
while (true) {
    $ready = [...array_values($listeners), STDIN];
    $none = [];
    @stream_select($ready, $none, $none, 1);
    while (($ended = pcntl_waitpid(-1, $status, WNOHANG)) > 0) {
        unset($children[$ended]);
    }
    if (in_array(STDIN, $ready, true) && fgets(STDIN) === false) {
        array_map(fn ($child) => posix_kill($child, SIGKILL), array_keys($children));
        exit;
    }
    foreach ($listeners as $application => $listener) {
        if (!in_array($listener, $ready, true) || !($socket = @stream_socket_accept($listener, 0))) {
            continue;
        }
        $child = pcntl_fork();
        if ($child === 0) {
            array_map('fclose', $listeners);
            serve($socket, $application);
            exit;
        }
        $children[$child] = true;
        fclose($socket);
    }
}
