<?php

declare(strict_types=1);

// Receives SendEmAll's webhooks. Settings: SENDEMALL_SECRET.
//
// Start the worker with `php worker.php`, and the receiver with `php -S 127.0.0.1:8000 index.php`; in production, let
// PHP-FPM run this file.

require __DIR__ . '/webhook_inbox.php';

/** The raw body: a parsed one cannot be verified. One byte beyond the limit shows that there are more. */
function rawBody(): string
{
    return (string) file_get_contents('php://input', length: WebhookInbox::MAX_BYTES + 1);
}

function respond(): void
{
    $path = (string) parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
    if ($path === '/webhooks/sendemall') {
        if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
            http_response_code(405);
            header('Allow: POST');

            return;
        }
        $signature = $_SERVER['HTTP_X_SENDEMALL_SIGNATURE'] ?? '';
        http_response_code((new WebhookInbox())->accept(rawBody(), $signature));
    } elseif (WebhookInbox::hasTestHooks() && str_starts_with($path, '/test/effects/')) {
        $id = rawurldecode(substr($path, strlen('/test/effects/')));
        header('Content-Type: application/json');
        echo json_encode(['count' => (new WebhookInbox())->effects($id)]);
    } else {
        http_response_code(404);
    }
}

try {
    respond();
} catch (Throwable $error) {
    // Without the text, which is for the log alone.
    error_log((string) $error);
    http_response_code(500);
}
