<?php
/** Posts events to the service, signed as Standard Webhooks has it. */
class ErpSync_WebhookClient
{
    /** @var string */
    private $url;
    /** @var string */
    private $key;

    /**
     * @param string $url full address of the shop's events
     * @param string $secret whsec_ and the key in base64
     */
    public function __construct($url, $secret)
    {
        $this->url = $url;
        $this->key = (string) base64_decode(substr($secret, strlen('whsec_')));
    }

    /**
     * @param string $body JSON, sent as these very bytes
     * @param int $clockOffset seconds that the service's clock is ahead of ours
     * @param int $timeout seconds for the whole call
     * @return array status (0 = no answer), answer (array, null if it is no JSON object) and failure as HttpClient has it
     */
    public function post($body, $clockOffset, $timeout)
    {
        $id = 'msg_' . bin2hex(ErpSync_Random::bytes(16));
        $at = (string) (time() + $clockOffset);
        $http = new ErpSync_HttpClient($timeout);
        $answer = $http->send('POST', $this->url, array(
            'content-type' => 'application/json',
            'user-agent' => 'erpsync-ecshop/' . ErpSync_App::VERSION,
            'webhook-id' => $id,
            'webhook-timestamp' => $at,
            'webhook-signature' => 'v1,' . base64_encode(hash_hmac('sha256', $id . '.' . $at . '.' . $body, $this->key, true)),
        ), $body);
        $decoded = json_decode($answer['body'], true);
        return array(
            'status' => $answer['status'],
            'answer' => is_array($decoded) ? $decoded : null,
            'failure' => $answer['failure'],
        );
    }
}
