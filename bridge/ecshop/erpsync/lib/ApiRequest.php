<?php
/** A call as it arrived: exact bytes, because the signature is over them, and its parts read on demand. */
class ErpSync_ApiRequest
{
    const MAX_BODY_BYTES = 1048576;

    /** @var string */
    public $method;
    /** @var string as it is signed: /v1/ + file name + query string */
    public $path;
    /** @var string */
    public $queryString;
    /** @var string */
    public $body;

    public function __construct($method, $resource, $queryString, $body)
    {
        $this->method = $method;
        $this->queryString = $queryString;
        $this->path = '/v1/' . $resource . '.php' . ($queryString === '' ? '' : '?' . $queryString);
        $this->body = $body;
    }

    /**
     * @return ErpSync_ApiRequest the call this process answers
     * @throws ErpSync_ApiProblem body-too-large, if possible before reading it
     */
    public static function arrived($method, $resource)
    {
        $announced = isset($_SERVER['CONTENT_LENGTH']) ? (float) $_SERVER['CONTENT_LENGTH'] : 0;
        $body = '';
        if ($announced <= self::MAX_BODY_BYTES) {
            $input = fopen('php://input', 'rb');
            $body = (string) stream_get_contents($input, self::MAX_BODY_BYTES + 1);
            fclose($input);
        }
        if ($announced > self::MAX_BODY_BYTES || strlen($body) > self::MAX_BODY_BYTES) {
            throw new ErpSync_ApiProblem(
                'body-too-large',
                'The body has more than ' . self::MAX_BODY_BYTES . ' bytes.',
                'Send less in one call.'
            );
        }
        $query = isset($_SERVER['QUERY_STRING']) ? (string) $_SERVER['QUERY_STRING'] : '';
        return new self($method, $resource, $query, $body);
    }

    /**
     * Not $_GET, which PHP 5.3 may have put slashes into.
     * @param array $names all the fields that there may be
     * @return ErpSync_ApiFields
     */
    public function query(array $names)
    {
        $values = array();
        foreach ($this->queryString === '' ? array() : explode('&', $this->queryString) as $pair) {
            $parts = explode('=', $pair, 2);
            $values[self::decode($parts[0])] = self::decode(isset($parts[1]) ? $parts[1] : '');
        }
        return new ErpSync_ApiFields($values, $names);
    }

    /**
     * @param array $names all the fields that there may be
     * @return ErpSync_ApiFields
     */
    public function body(array $names)
    {
        self::checkEncoding($this->body);
        $decoded = json_decode($this->body, true);
        // Decoded, an empty list and an empty object are the same.
        if (!is_array($decoded) || substr(ltrim($this->body), 0, 1) !== '{') {
            throw new ErpSync_ApiProblem(
                'not-json',
                'The body is not a JSON object.',
                'Send a JSON object in UTF-8, without a byte order mark.'
            );
        }
        return new ErpSync_ApiFields($decoded, $names);
    }

    private static function decode($text)
    {
        $decoded = urldecode($text);
        self::checkEncoding($decoded);
        return $decoded;
    }

    private static function checkEncoding($text)
    {
        if (!ErpSync_Text::isValid($text)) {
            throw new ErpSync_ApiProblem(
                'invalid-encoding',
                'The call is not UTF-8.',
                'Convert GBK to UTF-8 before the JSON is made.'
            );
        }
    }
}
