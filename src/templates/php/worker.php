<?php

declare(strict_types=1);

// Works on the events that index.php has accepted. Run one of it, and let a supervisor such as systemd restart it.

require __DIR__ . '/webhook_inbox.php';

/** Your work. */
function handleEvent(array $event): void
{
    fwrite(STDERR, "{$event['event']} " . ($event['data']['lead_email'] ?? '') . "\n");
}

$inbox = new WebhookInbox();
while (true) {
    try {
        if (!$inbox->work(handleEvent(...))) {
            usleep(50_000);
        }
    } catch (PDOException $error) {
        // The database is locked or full: the event is still there.
        error_log($error->getMessage());
        sleep(1);
    }
}
