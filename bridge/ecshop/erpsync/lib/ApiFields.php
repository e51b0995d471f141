<?php
/**
 * An object of a call, read field by field: each method hands out a valid value or refuses the call and names the field.
 * Fields that the contract does not know are refused too, so that a misspelt one is not silently left out.
 */
class ErpSync_ApiFields
{
    /** @var array */
    private $values;
    /** @var string of the fields' names in refusals, e.g. `items.3.` */
    private $path;

    /**
     * @param array $values
     * @param array $names all the fields that there may be
     */
    public function __construct(array $values, array $names, $path = '')
    {
        $this->values = $values;
        $this->path = $path;
        foreach (array_keys($values) as $name) {
            if (!in_array((string) $name, $names, true)) {
                // The name is the caller's own; what is no plain name is not repeated to him.
                $known = preg_match('/^[A-Za-z0-9_-]{1,40}$/', (string) $name) ? (string) $name : '(unnamed)';
                throw ErpSync_ApiProblem::field($path . $known, 'is not a field of this call');
            }
        }
    }

    /** Absent and null alike. */
    public function has($name)
    {
        return isset($this->values[$name]);
    }

    /** @return string a decimal id, as text: PHP on 32 bits cannot hold it */
    public function id($name)
    {
        return $this->matching($name, '/^(0|[1-9][0-9]{0,19})$/D', 'is not a decimal id in a string');
    }

    /** @return int a raw *_time */
    public function rawTime($name)
    {
        return $this->int($name, 0, PHP_INT_MAX);
    }

    /** @return int of a query string, where every value is text */
    public function queryInt($name, $min, $max)
    {
        $value = $this->matching($name, '/^(0|[1-9][0-9]{0,17})$/D', 'is not a whole number in digits');
        if ((float) $value < $min || (float) $value > $max) {
            throw $this->problem($name, 'is not a whole number from ' . $min . ' to ' . $max);
        }
        return (int) $value;
    }

    /** @return int */
    public function int($name, $min, $max)
    {
        $value = $this->value($name);
        if (!is_int($value) || $value < $min || $value > $max) {
            throw $this->problem($name, 'is not a whole number from ' . $min . ' to ' . $max);
        }
        return $value;
    }

    /** @return string of so many characters (not bytes) */
    public function text($name, $min, $max)
    {
        $value = $this->value($name);
        // Characters are counted as JavaScript does, in UTF-16 units: the caller's check and ours must agree.
        if (!is_string($value) || self::length($value) < $min || self::length($value) > $max) {
            throw $this->problem($name, 'is not a text of ' . $min . ' to ' . $max . ' characters');
        }
        return $value;
    }

    /** @return string that matches a pattern */
    public function matching($name, $pattern, $otherwise)
    {
        $value = $this->value($name);
        if (!is_string($value) || !preg_match($pattern, $value)) {
            throw $this->problem($name, $otherwise);
        }
        return $value;
    }

    /** @return string one of them */
    public function choice($name, array $choices)
    {
        $value = $this->value($name);
        if (!in_array($value, $choices, true)) {
            throw $this->problem($name, 'is none of ' . implode(', ', $choices));
        }
        return $value;
    }

    /** @return string the label of who causes a write */
    public function origin()
    {
        return $this->matching('origin', '/^[A-Za-z0-9._-]{1,30}$/D', 'is not a label of 1 to 30 of A-Z a-z 0-9 . _ -');
    }

    /** @return string the caller's own id of what it asks for */
    public function commandId($name)
    {
        return $this->matching($name, '/^[A-Za-z0-9._:\/-]{1,64}$/D', 'is not an id of 1 to 64 of A-Z a-z 0-9 . _ : / -');
    }

    /** @return string milliseconds of the true epoch, as digits: they exceed 32 bits */
    public function instantMs($name)
    {
        $value = $this->value($name);
        $pattern = '/^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d+))?)?Z$/D';
        if (!is_string($value) || !preg_match($pattern, $value, $part) || !checkdate($part[2], $part[3], $part[1])
            || (int) $part[1] < 1970) {
            throw $this->problem($name, 'is not an ISO-8601 instant in UTC');
        }
        $seconds = gmmktime(
            (int) $part[4],
            (int) $part[5],
            isset($part[6]) ? (int) $part[6] : 0,
            (int) $part[2],
            (int) $part[3],
            (int) $part[1]
        );
        return $seconds . substr((isset($part[7]) ? $part[7] : '') . '000', 0, 3);
    }

    /** @return int the same in whole seconds */
    public function instant($name)
    {
        return (int) substr($this->instantMs($name), 0, -3);
    }

    /** @return array of texts */
    public function texts($name, $minItems, $maxItems, $minLength, $maxLength)
    {
        $texts = array();
        $list = $this->items($name, $minItems, $maxItems);
        $fields = new self($list, array_map('strval', array_keys($list)), $this->path . $name . '.');
        foreach (array_keys($list) as $index) {
            $texts[] = $fields->text($index, $minLength, $maxLength);
        }
        return $texts;
    }

    /** @return ErpSync_ApiFields an object within */
    public function object($name, array $names)
    {
        return self::of($this->value($name), $names, $this->path . $name);
    }

    /** @return array of ErpSync_ApiFields */
    public function objects($name, array $names, $minItems, $maxItems)
    {
        $objects = array();
        foreach ($this->items($name, $minItems, $maxItems) as $index => $item) {
            $objects[] = self::of($item, $names, $this->path . $name . '.' . $index);
        }
        return $objects;
    }

    /** @return ErpSync_ApiProblem to throw: what the resource itself finds wrong with a field */
    public function problem($name, $message)
    {
        return ErpSync_ApiProblem::field($this->path . $name, $message);
    }

    private static function of($value, array $names, $path)
    {
        if (!is_array($value) || ($value !== array() && self::isList($value))) {
            throw ErpSync_ApiProblem::field($path, 'is not an object');
        }
        return new self($value, $names, $path . '.');
    }

    private function items($name, $min, $max)
    {
        $value = $this->value($name);
        if (!is_array($value) || !self::isList($value) || count($value) < $min || count($value) > $max) {
            throw $this->problem($name, 'is not a list of ' . $min . ' to ' . $max . ' items');
        }
        return $value;
    }

    private function value($name)
    {
        if (!array_key_exists($name, $this->values)) {
            throw $this->problem($name, 'is missing');
        }
        return $this->values[$name];
    }

    private static function isList(array $value)
    {
        return array_keys($value) === array_keys(array_keys($value));
    }

    private static function length($text)
    {
        // Every lead byte is a character; four-byte ones are two UTF-16 units.
        return preg_match_all('/[\x00-\x7F\xC0-\xFF]/', $text, $ignored) + preg_match_all('/[\xF0-\xFF]/', $text, $ignored);
    }
}
