<?php
/**
 * A call to the outside: over curl where PHP has it, else over a stream. TLS is verified, redirects are not followed,
 * proxies of the environment are not used. It never throws for what happens on the network.
 */
class ErpSync_HttpClient
{
    /** Seconds until a connection must stand: a visitor may be waiting behind it. */
    const CONNECT_SECONDS = 2;
    /** More of an answer is not read; the webhook's are far smaller. */
    const MAX_ANSWER_BYTES = 1048576;

    /** @var int */
    private $timeout;
    /** @var string */
    private $answer = '';

    /** @param int $timeout seconds for the whole call */
    public function __construct($timeout)
    {
        $this->timeout = max(1, (int) $timeout);
    }

    /**
     * @param array $headers name => value
     * @return array status (0 = no answer), body, and failure: null, cannot-connect, tls-failed, timed-out or no-answer
     */
    public function send($method, $url, array $headers, $body)
    {
        $lines = array();
        foreach ($headers as $name => $value) {
            $lines[] = $name . ': ' . $value;
        }
        if (!preg_match('#^https?://#i', $url)) {
            return self::failed('cannot-connect');
        }
        // Hosts disable the second of them far more often than the first.
        return function_exists('curl_init') && function_exists('curl_exec')
            ? $this->overCurl($method, $url, $lines, $body)
            : $this->overStream($method, $url, $lines, $body);
    }

    private function overCurl($method, $url, array $lines, $body)
    {
        $this->answer = '';
        $handle = curl_init($url);
        // curl would else wait for a "100 Continue" that many servers never send.
        $lines[] = 'Expect:';
        curl_setopt_array($handle, array(
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_HTTPHEADER => $lines,
            CURLOPT_CONNECTTIMEOUT => min(self::CONNECT_SECONDS, $this->timeout),
            CURLOPT_TIMEOUT => $this->timeout,
            CURLOPT_NOSIGNAL => true,
            CURLOPT_FOLLOWLOCATION => false,
            CURLOPT_PROXY => '',
            CURLOPT_SSL_VERIFYPEER => true,
            CURLOPT_SSL_VERIFYHOST => 2,
            CURLOPT_WRITEFUNCTION => array($this, 'receive'),
        ));
        if ($body !== '') {
            curl_setopt($handle, CURLOPT_POSTFIELDS, $body);
        }
        $done = curl_exec($handle);
        $status = (int) curl_getinfo($handle, CURLINFO_HTTP_CODE);
        $number = curl_errno($handle);
        unset($handle);
        if ($done === false || $status === 0) {
            return self::failed(self::curlFailure($number));
        }
        return array('status' => $status, 'body' => $this->answer, 'failure' => null);
    }

    /** @internal for curl */
    public function receive($handle, $part)
    {
        $this->answer .= $part;
        // Fewer than given end the call.
        return strlen($this->answer) > self::MAX_ANSWER_BYTES ? 0 : strlen($part);
    }

    private static function curlFailure($number)
    {
        if ($number === 28) {
            return 'timed-out';
        }
        if ($number === 5 || $number === 6 || $number === 7) {
            return 'cannot-connect';
        }
        $tls = array(35, 51, 53, 54, 58, 59, 60, 64, 66, 77, 80, 82, 83, 90, 91);
        return in_array($number, $tls, true) ? 'tls-failed' : 'no-answer';
    }

    private function overStream($method, $url, array $lines, $body)
    {
        $parts = parse_url($url);
        $secure = strtolower($parts['scheme']) === 'https';
        if ($secure && !extension_loaded('openssl')) {
            return self::failed('tls-failed');
        }
        $host = $parts['host'];
        $port = isset($parts['port']) ? $parts['port'] : ($secure ? 443 : 80);
        $deadline = microtime(true) + $this->timeout;
        // PHP's own stream has one timeout for everything; a dead server is found out here first.
        $knock = @stream_socket_client('tcp://' . $host . ':' . $port, $number, $text, min(self::CONNECT_SECONDS, $this->timeout));
        if ($knock === false) {
            return self::failed('cannot-connect');
        }
        fclose($knock);
        $context = stream_context_create(array(
            'http' => array(
                'method' => $method,
                'header' => implode("\r\n", array_merge($lines, array('Connection: close'))),
                'content' => $body,
                'timeout' => $this->timeout,
                'ignore_errors' => true,
                'follow_location' => 0,
                'max_redirects' => 1,
                'protocol_version' => 1.1,
            ),
            'ssl' => self::tls($host),
        ));
        $stream = @fopen($url, 'rb', false, $context);
        if ($stream === false) {
            $timedOut = microtime(true) >= $deadline;
            return self::failed($timedOut ? 'timed-out' : ($secure ? 'tls-failed' : 'no-answer'));
        }
        $meta = stream_get_meta_data($stream);
        $answer = '';
        while (!feof($stream) && strlen($answer) <= self::MAX_ANSWER_BYTES && microtime(true) < $deadline) {
            stream_set_timeout($stream, max(1, (int) ceil($deadline - microtime(true))));
            $part = fread($stream, 65536);
            if ($part === false || ($part === '' && feof($stream) === false)) {
                break;
            }
            $answer .= $part;
        }
        $isWhole = feof($stream);
        fclose($stream);
        $status = 0;
        foreach (is_array($meta['wrapper_data']) ? $meta['wrapper_data'] : array() as $line) {
            if (preg_match('#^HTTP/\S+ (\d{3})#', $line, $found)) {
                $status = (int) $found[1];
            }
        }
        if ($status === 0 || !$isWhole) {
            return self::failed($isWhole ? 'no-answer' : 'timed-out');
        }
        return array('status' => $status, 'body' => $answer, 'failure' => null);
    }

    /** Before 5.6 PHP verifies nothing unless told to, and needs the file of authorities. */
    private static function tls($host)
    {
        $options = array('verify_peer' => true, 'verify_peer_name' => true, 'SNI_enabled' => true, 'disable_compression' => true);
        if (PHP_VERSION_ID < 50600) {
            $options['CN_match'] = $host;
            $options['SNI_server_name'] = $host;
            $files = array(
                (string) ini_get('openssl.cafile'), '/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt',
                '/etc/ssl/cert.pem', '/etc/ssl/ca-bundle.pem',
            );
            foreach ($files as $file) {
                if ($file !== '' && @is_file($file)) {
                    $options['cafile'] = $file;
                    break;
                }
            }
        }
        return $options;
    }

    private static function failed($failure)
    {
        return array('status' => 0, 'body' => '', 'failure' => $failure);
    }
}
