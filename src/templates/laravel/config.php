<?php

declare(strict_types=1);

return [
    // The webhook's signing secret.
    'secret' => env('SENDEMALL_SECRET'),
    // Opens /test/effects/{id}: never in production.
    'test_hooks' => (string) env('SENDEMALL_TEST_HOOKS') === '1',
];
