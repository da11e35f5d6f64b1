<?php

/**
 * A process for each connection, and a document for each lead. Who clicks has opened, whether or not the pixel was loaded: a click
 * counts as an open at least.
 */

declare(strict_types=1);

const NOBODY = ['suppressed' => false, 'unsubscribed' => false, 'open_count' => 0, 'sentiment' => null, 'replied_at' => 0.0];

/** Documents by collection and key. */
final class Documents
{
    private PDO $db;

    public function __construct()
    {
        $this->db = new PDO('sqlite:' . getenv('DATABASE'), options: [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
        $this->db->exec('PRAGMA busy_timeout = 9500');
        $this->db->exec('PRAGMA synchronous = OFF');
    }

    public function create(): void
    {
        $this->db->exec('PRAGMA journal_mode = WAL');
        $this->db->exec('CREATE TABLE IF NOT EXISTS documents (kind TEXT, key TEXT, content TEXT, PRIMARY KEY (kind, key))');
        $this->put('switches', 'down', false);
    }

    public function get(string $kind, string $key): mixed
    {
        $statement = $this->db->prepare('SELECT content FROM documents WHERE kind = ? AND key = ?');
        $statement->execute([$kind, $key]);
        $content = $statement->fetchColumn();
        return $content === false ? null : json_decode($content, true);
    }

    public function put(string $kind, string $key, mixed $content): void
    {
        $statement = $this->db->prepare('INSERT OR REPLACE INTO documents VALUES (?, ?, ?)');
        $statement->execute([$kind, $key, json_encode($content, JSON_THROW_ON_ERROR)]);
    }

    /** All or nothing, and nobody else meanwhile. */
    public function atomically(callable $action): void
    {
        $this->db->exec('BEGIN IMMEDIATE');
        try {
            $action($this);
            $this->db->exec('COMMIT');
        } catch (Throwable $error) {
            $this->db->exec('ROLLBACK');
            throw $error;
        }
    }
}

function seconds(string $timestamp): float
{
    return (float) (new DateTimeImmutable($timestamp))->format('U.u');
}

/** The lead after an event. */
function after(array $lead, array $event): array
{
    $data = $event['data'];
    $opens = is_int($data['open_count'] ?? null) || is_float($data['open_count'] ?? null) ? $data['open_count'] : 0;
    return match ($event['event']) {
        'email.opened' => ['open_count' => max($lead['open_count'], $opens)] + $lead,
        'email.clicked' => ['open_count' => max($lead['open_count'], 1)] + $lead,
        'email.bounced' => ['suppressed' => $lead['suppressed'] || ($data['bounce_type'] ?? '') === 'hard'] + $lead,
        'email.unsubscribed' => [
            'unsubscribed' => true,
            'suppressed' => $lead['suppressed'] || ($data['suppressed_globally'] ?? false) === true,
        ] + $lead,
        'email.replied' => seconds($event['timestamp']) < $lead['replied_at'] ? $lead : [
            'sentiment' => is_string($data['reply_sentiment'] ?? null) ? $data['reply_sentiment'] : null,
            'replied_at' => seconds($event['timestamp']),
        ] + $lead,
        default => $lead,
    };
}

function take(Documents $documents, array $event): void
{
    if ($documents->get('events', $event['id']) !== null) {
        return;
    }
    if ($documents->get('switches', 'down')) {
        throw new RuntimeException('Down.');
    }
    $documents->put('events', $event['id'], ['type' => $event['event']]);
    $documents->put('totals', $event['event'], 1 + ($documents->get('totals', $event['event']) ?? 0));
    $email = $event['data']['lead_email'] ?? null;
    if (is_string($email)) {
        $documents->put('leads', $email, after($documents->get('leads', $email) ?? NOBODY, $event));
    }
}

/** An empty array may have been an object: the text tells. */
function isEvent(mixed $value, string $json): bool
{
    return is_array($value)
        && is_string($value['id'] ?? null)
        && is_string($value['event'] ?? null)
        && is_string($value['timestamp'] ?? null)
        && preg_match('/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[-+]\d{2}:\d{2})$/D', $value['timestamp']) === 1
        && is_array($value['data'] ?? null)
        && ($value['data'] === [] ? preg_match('/"data"\s*:\s*\{/', $json) === 1 : !array_is_list($value['data']));
}

/** Half a surrogate pair is no text, and json_decode refuses it. */
function withoutHalves(string $json): string
{
    $pattern = '/(?<!\\\\)((?:\\\\\\\\)*)(?:(\\\\ud[89ab][0-9a-f]{2}\\\\ud[c-f][0-9a-f]{2})|\\\\ud[89a-f][0-9a-f]{2})/i';
    return preg_replace_callback($pattern, fn (array $m): string => $m[1] . ($m[2] ?? '\\ufffd'), $json) ?? $json;
}

function webhook(Documents $documents, array $request): array
{
    if ($request['path'] !== '/webhooks/sendemall') {
        return [404, 'Not Found', ''];
    }
    if ($request['method'] !== 'POST') {
        return [405, 'Method Not Allowed', ''];
    }
    $signature = 'sha256=' . hash_hmac('sha256', $request['body'], getenv('SENDEMALL_SECRET'));
    if (!hash_equals($signature, $request['headers']['x-sendemall-signature'] ?? '')) {
        return [401, 'Unauthorized', ''];
    }
    $event = json_decode(withoutHalves($request['body']), true, 100);
    if (!isEvent($event, $request['body'])) {
        return [400, 'Bad Request', ''];
    }
    try {
        if (str_starts_with($event['event'], 'email.') || str_starts_with($event['event'], 'campaign.')) {
            $documents->atomically(fn (Documents $all) => take($all, $event));
        }
        return [200, 'OK', '{"received":true}'];
    } catch (Throwable) {
        return [500, 'Internal Server Error', ''];
    }
}

function hooks(Documents $documents, array $request): array
{
    [$kind, $key] = explode('/', substr($request['path'], 1) . '/', 2);
    $key = rawurldecode(substr($key, 0, -1));
    if ($kind === 'effects') {
        return [200, 'OK', json_encode(['count' => $documents->get('events', $key) === null ? 0 : 1])];
    }
    if ($kind === 'fault') {
        $documents->put('switches', 'down', json_decode($request['body'], true)['fail']);
        return [200, 'OK', '{}'];
    }
    $lead = $documents->get('leads', $key);
    if ($lead === null) {
        return [404, 'Not Found', 'null'];
    }
    unset($lead['replied_at']);
    $sent = $documents->get('totals', 'email.sent');
    $rate = $sent === null ? null : min(1, ($documents->get('totals', 'email.bounced') ?? 0) / $sent);
    return [200, 'OK', json_encode($lead + ['rates' => ['bounce_rate' => $rate]])];
}

/** A connection and what has been read of it. */
final class Reader
{
    private string $buffer = '';

    public function __construct(private readonly Socket $socket)
    {
    }

    private function fill(): void
    {
        $more = @socket_read($this->socket, 65536);
        if ($more === false || $more === '') {
            throw new UnexpectedValueException('The connection has ended.');
        }
        $this->buffer .= $more;
    }

    public function line(): string
    {
        while (($end = strpos($this->buffer, "\n")) === false) {
            $this->fill();
        }
        $line = substr($this->buffer, 0, $end);
        $this->buffer = substr($this->buffer, $end + 1);
        return rtrim($line, "\r");
    }

    public function bytes(int $length): string
    {
        while (strlen($this->buffer) < $length) {
            $this->fill();
        }
        $bytes = substr($this->buffer, 0, $length);
        $this->buffer = substr($this->buffer, $length);
        return $bytes;
    }

    public function request(): array
    {
        $first = explode(' ', $this->line());
        if (count($first) < 3) {
            throw new UnexpectedValueException('No request.');
        }
        $headers = [];
        while (($line = $this->line()) !== '') {
            [$name, $value] = explode(':', "$line:", 2);
            $headers[strtolower($name)] = trim(substr($value, 0, -1));
        }
        if (strtolower($headers['expect'] ?? '') === '100-continue') {
            socket_write($this->socket, "HTTP/1.1 100 Continue\r\n\r\n");
        }
        $body = '';
        if (strtolower($headers['transfer-encoding'] ?? '') === 'chunked') {
            while (($size = (int) hexdec(strtok($this->line(), ';'))) > 0) {
                $body .= $this->bytes($size);
                $this->line();
            }
            while ($this->line() !== '') {
            }
        } else {
            $body = $this->bytes((int) ($headers['content-length'] ?? 0));
        }
        return ['method' => $first[0], 'path' => explode('?', $first[1])[0], 'headers' => $headers, 'body' => $body];
    }
}

function serve(Socket $socket, callable $handler): never
{
    socket_set_option($socket, SOL_SOCKET, SO_RCVTIMEO, ['sec' => 20, 'usec' => 0]);
    try {
        $request = (new Reader($socket))->request();
        [$status, $reason, $content] = $handler(new Documents(), $request);
        $head = "HTTP/1.1 $status $reason\r\nConnection: close\r\nContent-Length: " . strlen($content) . "\r\n\r\n";
        @socket_write($socket, $head . ($request['method'] === 'HEAD' ? '' : $content));
    } catch (UnexpectedValueException) {
        @socket_write($socket, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    }
    @socket_shutdown($socket, 1);
    exit;
}

/** Serves the connection in another process, which does not listen itself. */
function hand(Socket $socket, callable $handler, array $servers): void
{
    while (($process = @pcntl_fork()) === -1) {
        usleep(10_000);
    }
    if ($process === 0) {
        array_map(socket_close(...), $servers);
        serve($socket, $handler);
    }
    socket_close($socket);
}

function listen(string $port): Socket
{
    $server = socket_create(AF_INET, SOCK_STREAM, SOL_TCP);
    socket_set_option($server, SOL_SOCKET, SO_REUSEADDR, 1);
    socket_bind($server, '127.0.0.1', (int) getenv($port));
    socket_listen($server, 300);
    return $server;
}

/** Whether the standard input has ended. */
function isOver(): bool
{
    $streams = [STDIN];
    $none = null;
    return stream_select($streams, $none, $none, 0) > 0;
}

posix_setpgid(0, 0);
(new Documents())->create();
pcntl_signal(SIGCHLD, SIG_IGN);
$servers = ['hooks' => listen('HOOKS_PORT'), 'webhook' => listen('PORT')];
while (!isOver()) {
    $ready = $servers;
    $none = null;
    if (!@socket_select($ready, $none, $none, 1)) {
        continue;
    }
    foreach ($ready as $handler => $server) {
        $socket = @socket_accept($server);
        if ($socket !== false) {
            hand($socket, $handler, $servers);
        }
    }
}
posix_kill(0, SIGKILL);
