<?php
require_once __DIR__ . '/UsesSendEmAll.php';

use PHPUnit\Framework\TestCase;

final class WebhookTest extends TestCase
{
    use UsesSendEmAll;

    public function testAReceiverThatIsDownGetsDeadLetters(): void
    {
        $hook = ['url' => 'http://127.0.0.1:9/hook', 'events' => ['*'], 'secret' => 'whsec_your-signing-secret'];
        $id = $this->sendemall('POST', '/v1/webhooks', $hook)['id'];
        $this->sendemall('POST', '/_sandbox/events', ['event' => 'email.replied']);
        $this->sendemall('POST', '/_sandbox/clock/advance', ['by' => '36m']);
        $letters = $this->sendemall('GET', "/v1/webhooks/$id/failed-events");
        $this->assertSame(['email.replied'], array_column($letters, 'event'));
    }
}
