<?php
/** The signed test call: it shows that address, secret, epoch and clock are right, and changes nothing. */
class ErpSync_Connection
{
    const SECONDS = 15;

    /** @return array|null code, message and remedy of what is wrong */
    public static function test(ErpSync_App $app)
    {
        $obstacle = $app->obstacle();
        // A pause is what the test may be about; of the others nothing may leave the shop.
        if ($obstacle !== null && $obstacle !== $app->state->json('paused')) {
            return $obstacle;
        }
        $state = $app->state;
        $seq = $app->counter->draw();
        $app->counter->keepHighWater($seq);
        $body = json_encode(array('events' => array(array(
            'type' => 'bridge.test',
            'version' => array('epoch' => $state->get('epoch'), 'seq' => $seq),
        ))));
        $client = new ErpSync_WebhookClient($state->get('webhook_url'), $state->get('webhook_secret'));
        $result = $client->post($body, $state->int('clock_offset'), self::SECONDS);
        $serverTime = isset($result['answer']['serverTime']) ? strtotime((string) $result['answer']['serverTime']) : false;
        if ($result['status'] === 401 && $serverTime !== false && self::text($result['answer'], 'code') === 'wrong-clock') {
            $state->set('clock_offset', $serverTime - time());
            $result = $client->post($body, $state->int('clock_offset'), self::SECONDS);
        }
        return self::verdict($result);
    }

    private static function verdict(array $result)
    {
        if ($result['status'] === 0) {
            return self::unreachable($result['failure']);
        }
        $answer = is_array($result['answer']) ? $result['answer'] : array();
        if (($result['status'] === 202 || $result['status'] === 207) && isset($answer['results'][0]['result'])) {
            return $answer['results'][0]['result'] === 'invalid' ? array(
                'code' => 'old-service',
                'message' => 'Address and secret are right, but the service does not know the test call.',
                'remedy' => 'Update the service.',
            ) : null;
        }
        if (self::text($answer, 'code') !== '') {
            return array(
                'code' => self::text($answer, 'code'),
                'message' => self::text($answer, 'detail'),
                'remedy' => self::text($answer, 'remedy'),
            );
        }
        $status = $result['status'];
        return array(
            'code' => $status >= 200 && $status < 300 ? 'unreadable-answer' : 'http-' . $status,
            'message' => 'Something else than the service answers there (HTTP ' . $status . ').',
            'remedy' => 'Compare the webhook address with the output of the deployment.',
        );
    }

    private static function unreachable($failure)
    {
        switch ($failure) {
            case 'tls-failed':
                return array(
                    'code' => 'tls-failed',
                    'message' => 'The service\'s certificate or TLS version is refused.',
                    'remedy' => 'Update the CA certificates of PHP (curl.cainfo, openssl.cafile) and OpenSSL.',
                );
            case 'cannot-connect':
                return array(
                    'code' => 'cannot-connect',
                    'message' => 'There is no connection to the service.',
                    'remedy' => 'Check the webhook address; ask the host whether outgoing HTTPS is allowed.',
                );
        }
        return array(
            'code' => $failure === 'timed-out' ? 'timed-out' : 'no-answer',
            'message' => 'The service does not answer.',
            'remedy' => 'Try again; what waits is kept.',
        );
    }

    private static function text(array $from, $name)
    {
        return isset($from[$name]) && is_string($from[$name]) ? $from[$name] : '';
    }
}
