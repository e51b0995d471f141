<?php
/** A call that is refused, and nothing was changed: what the caller is told. Its code decides the HTTP status. */
class ErpSync_ApiProblem extends Exception
{
    /** @var string one of the contract's codes; `$code` is Exception's own number */
    public $name;
    /** @var string */
    public $remedy;
    /** @var string|null */
    public $field;
    /** @var array further members of the answer */
    public $more;

    /** @var array HTTP status of every code of the bridge contract */
    private static $statuses = array(
        'missing-signature' => 401,
        'bad-signature' => 401,
        'wrong-clock' => 401,
        'replayed' => 401,
        'not-installed' => 503,
        'not-bound' => 409,
        'restored' => 409,
        'method-not-allowed' => 405,
        'body-too-large' => 413,
        'invalid-encoding' => 400,
        'not-json' => 400,
        'invalid-field' => 422,
        'not-found' => 404,
        'identity-mismatch' => 409,
        'command-differs' => 409,
        'order-closed' => 409,
        'too-late' => 409,
        'needs-a-person' => 409,
        'unknown-line' => 422,
        'quantity-exceeds' => 409,
        'busy' => 503,
        'internal-error' => 500,
    );

    public function __construct($name, $message, $remedy, $field = null, array $more = array())
    {
        parent::__construct($message);
        $this->name = $name;
        $this->remedy = $remedy;
        $this->field = $field;
        $this->more = $more;
    }

    /** @return ErpSync_ApiProblem a field that does not hold what the contract says */
    public static function field($field, $message)
    {
        return new self('invalid-field', $field . ' ' . $message . '.', 'Compare the call with the bridge contract.', $field);
    }

    public static function statuses()
    {
        return self::$statuses;
    }

    public function status()
    {
        return isset(self::$statuses[$this->name]) ? self::$statuses[$this->name] : 500;
    }

    /** @return array as the contract has it */
    public function body()
    {
        $body = array('code' => $this->name, 'message' => $this->getMessage(), 'remedy' => $this->remedy);
        if ($this->field !== null) {
            $body['field'] = $this->field;
        }
        return $body + $this->more;
    }
}
