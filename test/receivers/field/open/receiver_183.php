<?php

declare(strict_types=1);

namespace Leads;

use Fiber;
use InvalidArgumentException;
use RuntimeException;
use Throwable;

/** Input of strangers is made safe for the pages of the back office before anything else sees it. */
function sanitize(mixed $value): mixed
{
    return match (true) {
        is_array($value) => array_map(sanitize(...), $value),
        is_string($value) => htmlspecialchars($value, ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8'),
        default => $value,
    };
}

final class Event
{
    private function __construct(
        public readonly string $id,
        public readonly string $type,
        public readonly float $time,
        public readonly array $data,
    ) {
    }

    public static function fromJson(string $json): self
    {
        $flags = JSON_INVALID_UTF8_SUBSTITUTE;
        $all = json_decode($json, false, 300, $flags);
        if (json_last_error() === JSON_ERROR_UTF16) {
            $all = json_decode(preg_replace('/\\\\ud[89a-f][0-9a-f]{2}/i', '\\ufffd', $json), false, 300, $flags);
        }
        if (json_last_error() === JSON_ERROR_INVALID_PROPERTY_NAME) {
            throw new InvalidArgumentException('a member without a name');
        }
        $id = $all->id ?? null;
        $type = $all->event ?? null;
        $stamp = $all->timestamp ?? null;
        if (!is_string($id) || !is_string($type) || !is_string($stamp) || !is_object($all->data ?? null)) {
            throw new InvalidArgumentException('id, event, timestamp and data are required');
        }
        if (!preg_match('/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/i', $stamp, $parts)) {
            throw new InvalidArgumentException('timestamp is not RFC 3339');
        }
        $seconds = strtotime($parts[1] . $parts[3]);
        if ($seconds === false) {
            throw new InvalidArgumentException('no such time');
        }
        return new self($id, $type, $seconds + (float) ('0' . $parts[2]), sanitize(get_object_vars($all->data)));
    }

    public function text(string $name): ?string
    {
        $value = $this->data[$name] ?? null;
        return is_string($value) ? $value : null;
    }
}

final class Crm
{
    public bool $isDown = false;
    private array $effects = [];
    private array $types = [];
    private array $leads = [];
    /** @var resource */
    private $journal;

    public function __construct(string $path)
    {
        $this->journal = fopen($path, 'a+b');
        rewind($this->journal);
        while (($line = fgets($this->journal)) !== false) {
            if (str_ends_with($line, "\n")) {
                $this->apply(Event::fromJson(base64_decode($line)));
            }
        }
    }

    public function accept(Event $event, string $json): void
    {
        if (isset($this->effects[$event->id])) {
            return;
        }
        if ($this->isDown) {
            throw new RuntimeException('The CRM is down.');
        }
        fwrite($this->journal, base64_encode($json) . "\n");
        fflush($this->journal);
        $this->apply($event);
    }

    private function apply(Event $event): void
    {
        $this->effects[$event->id] = ($this->effects[$event->id] ?? 0) + 1;
        $this->types[$event->type] = ($this->types[$event->type] ?? 0) + 1;
        $email = $event->text('lead_email');
        if ($email === null) {
            return;
        }
        $lead = &$this->leads[$email];
        $lead ??= ['suppressed' => false, 'unsubscribed' => false, 'open_count' => 0, 'sentiment' => null, 'at' => -INF];
        $count = $event->data['open_count'] ?? null;
        if ($event->type === 'email.opened' && (is_int($count) || is_float($count))) {
            $lead['open_count'] = max($lead['open_count'], min($count, 2 ** 53));
        } elseif ($event->type === 'email.unsubscribed') {
            $lead['unsubscribed'] = true;
            $lead['suppressed'] = $lead['suppressed'] || ($event->data['suppressed_globally'] ?? null) === true;
        } elseif ($event->type === 'email.bounced' && $event->text('bounce_type') === 'hard') {
            $lead['suppressed'] = true;
        } elseif ($event->type === 'email.replied' && $event->time >= $lead['at']) {
            $lead['sentiment'] = $event->text('reply_sentiment');
            $lead['at'] = $event->time;
        }
    }

    public function effects(string $id): int
    {
        return $this->effects[$id] ?? 0;
    }

    public function lead(string $email): ?array
    {
        if (!isset($this->leads[$email])) {
            return null;
        }
        $sent = $this->types['email.sent'] ?? 0;
        $rate = $sent > 0 ? min(1, ($this->types['email.bounced'] ?? 0) / $sent) : null;
        return array_diff_key($this->leads[$email], ['at' => 0]) + ['rates' => ['bounce_rate' => $rate]];
    }
}

/** A connection, read and written by a fiber that is resumed when there is something to read. */
final class Stream
{
    private string $buffer = '';

    /** @param resource $socket */
    public function __construct(public readonly mixed $socket)
    {
        stream_set_blocking($socket, false);
    }

    private function more(): void
    {
        Fiber::suspend();
        $data = @fread($this->socket, 65536);
        if ($data === '' || $data === false) {
            throw new RuntimeException('closed');
        }
        $this->buffer .= $data;
    }

    public function line(): string
    {
        while (($end = strpos($this->buffer, "\n")) === false) {
            $this->more();
        }
        $line = substr($this->buffer, 0, $end);
        $this->buffer = substr($this->buffer, $end + 1);
        return rtrim($line, "\r");
    }

    public function bytes(int $count): string
    {
        while (strlen($this->buffer) < $count) {
            $this->more();
        }
        $bytes = substr($this->buffer, 0, $count);
        $this->buffer = substr($this->buffer, $count);
        return $bytes;
    }

    public function write(string $bytes): void
    {
        stream_set_blocking($this->socket, true);
        @fwrite($this->socket, $bytes);
        stream_set_blocking($this->socket, false);
    }
}

function body(Stream $stream, array $headers): string
{
    if (strcasecmp($headers['expect'] ?? '', '100-continue') === 0) {
        $stream->write("HTTP/1.1 100 Continue\r\n\r\n");
    }
    if (strcasecmp($headers['transfer-encoding'] ?? '', 'chunked') !== 0) {
        return $stream->bytes((int) ($headers['content-length'] ?? 0));
    }
    $body = '';
    while (($size = (int) hexdec(strtok($stream->line(), ';'))) > 0) {
        $body .= $stream->bytes($size);
        $stream->line();
    }
    while ($stream->line() !== '') {
        // Trailers mean nothing to us.
    }
    return $body;
}

/** Serves requests until the connection is closed. */
function converse(Stream $stream, callable $respond): void
{
    do {
        $request = explode(' ', $stream->line());
        if (count($request) !== 3) {
            $stream->write("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
            return;
        }
        [$method, $target, $version] = $request;
        $headers = [];
        while (($line = $stream->line()) !== '') {
            [$name, $value] = array_pad(explode(':', $line, 2), 2, '');
            $headers[strtolower(trim($name))] = trim($value);
        }
        [$status, $answer] = $respond($method, $target, $headers, body($stream, $headers));
        $content = json_encode($answer, JSON_PRESERVE_ZERO_FRACTION);
        $stays = $version === 'HTTP/1.1' && strcasecmp($headers['connection'] ?? '', 'close') !== 0;
        $head = "HTTP/1.1 $status \r\nContent-Type: application/json\r\nContent-Length: " . strlen($content)
            . ($stays ? '' : "\r\nConnection: close");
        $stream->write("$head\r\n\r\n" . ($method === 'HEAD' ? '' : $content));
    } while ($stays);
}

$crm = new Crm(getenv('DATABASE'));

$webhook = function (string $method, string $target, array $headers, string $body) use ($crm): array {
    if (strtok($target, '?') !== '/webhooks/sendemall') {
        return [404, ['error' => 'Not found']];
    }
    if ($method !== 'POST') {
        return [405, ['error' => 'Method not allowed']];
    }
    $signature = 'sha256=' . hash_hmac('sha256', $body, getenv('SENDEMALL_SECRET'));
    if (!hash_equals($signature, $headers['x-sendemall-signature'] ?? '')) {
        return [401, ['error' => 'Invalid signature']];
    }
    try {
        $event = Event::fromJson($body);
    } catch (Throwable $error) {
        return [400, ['error' => $error->getMessage()]];
    }
    try {
        $crm->accept($event, $body);
    } catch (RuntimeException $error) {
        return [503, ['error' => $error->getMessage()]];
    }
    return [200, ['received' => true]];
};

$hooks = function (string $method, string $target, array $headers, string $body) use ($crm): array {
    [, $kind, $key] = array_pad(explode('/', $target, 3), 3, '');
    if ($kind === 'effects') {
        return [200, ['count' => $crm->effects(rawurldecode($key))]];
    }
    if ($kind === 'leads') {
        $lead = $crm->lead(rawurldecode($key));
        return [$lead === null ? 404 : 200, $lead];
    }
    $crm->isDown = json_decode($body)->fail;
    return [200, []];
};

$listeners = $fibers = $sockets = [];
foreach (['HOOKS_PORT' => $hooks, 'PORT' => $webhook] as $name => $respond) {
    $options = stream_context_create(['socket' => ['backlog' => 256, 'tcp_nodelay' => true]]);
    $flags = STREAM_SERVER_BIND | STREAM_SERVER_LISTEN;
    $socket = stream_socket_server('tcp://127.0.0.1:' . getenv($name), $code, $message, $flags, $options);
    $sockets[(int) $socket] = $socket;
    $listeners[(int) $socket] = $respond;
}
$sockets[(int) STDIN] = STDIN;

while (true) {
    $ready = $sockets;
    $none = null;
    stream_select($ready, $none, $none, null);
    foreach ($ready as $id => $socket) {
        $client = null;
        if ($socket === STDIN) {
            if (fgets(STDIN) === false) {
                exit;
            }
        } elseif (isset($listeners[$id])) {
            $client = @stream_socket_accept($socket, 0);
            if ($client !== false) {
                $id = (int) $client;
                $sockets[$id] = $client;
                $fibers[$id] = new Fiber(converse(...));
            }
        }
        if (!isset($fibers[$id])) {
            continue;
        }
        try {
            $client ? $fibers[$id]->start(new Stream($client), $listeners[(int) $socket]) : $fibers[$id]->resume();
        } catch (RuntimeException) {
            // The other side has closed the connection.
        }
        if ($fibers[$id]->isTerminated()) {
            fclose($sockets[$id]);
            unset($sockets[$id], $fibers[$id]);
        }
    }
}
