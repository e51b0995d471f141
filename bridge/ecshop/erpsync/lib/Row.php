<?php
/**
 * A row of the shop, read in the contract's types. What nobody asked for by name is left over, for whoever added it to
 * the table; a column that this generation lacks is neutral.
 */
class ErpSync_Row
{
    /** @var array name => string or null */
    private $columns;
    /** @var string MD5 of the row as the server has it */
    public $digest;

    public function __construct(array $columns, $digest)
    {
        $this->columns = $columns;
        $this->digest = $digest;
    }

    /** @return string as the server has it; it stays to be taken */
    public function peek($name)
    {
        return isset($this->columns[$name]) ? $this->columns[$name] : '';
    }

    private function take($name)
    {
        $value = isset($this->columns[$name]) ? $this->columns[$name] : '';
        unset($this->columns[$name]);
        return $value;
    }

    /** @return string digits; what is no id stays as it is, for the webhook to refuse */
    public function id($name)
    {
        $value = $this->take($name);
        if ($value === '') {
            return '0';
        }
        return ctype_digit($value) && $value[0] === '0' ? (string) (int) $value : $value;
    }

    /** @return int */
    public function int($name)
    {
        return (int) $this->take($name);
    }

    /** @return string two decimals */
    public function money($name)
    {
        return self::twoDecimals($this->take($name));
    }

    /** @return string valid UTF-8, entities decoded */
    public function text($name)
    {
        return ErpSync_Text::clean($this->take($name));
    }

    /**
     * @param string $type id, int, money or text
     * @return array name => value
     */
    public function each($type, array $names)
    {
        $values = array();
        foreach ($names as $name) {
            $values[$name] = $this->$type($name);
        }
        return $values;
    }

    /** @return array name => text or null */
    public function rest()
    {
        $rest = array();
        foreach ($this->columns as $name => $value) {
            $rest[$name] = $value === null ? null : ErpSync_Text::clean($value);
        }
        return $rest;
    }

    /** @param string $number as a decimal column or PHP's serialize() writes it */
    public static function twoDecimals($number)
    {
        return preg_match('/^-?(0|[1-9]\d*)\.\d{2}$/', $number) ? $number : number_format((float) $number, 2, '.', '');
    }
}
