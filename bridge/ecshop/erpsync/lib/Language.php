<?php
/** English or Chinese for people. The English sentence is the key, so that a missing translation still says something. */
class ErpSync_Language
{
    /** @var string 'zh' or 'en' */
    public $code;

    public function __construct($code)
    {
        $this->code = $code === 'zh' ? 'zh' : 'en';
    }

    /** @return ErpSync_Language as chosen, else what the browser prefers of the two */
    public static function ofBrowser($chosen, $acceptLanguage)
    {
        if ($chosen === 'zh' || $chosen === 'en') {
            return new self($chosen);
        }
        $best = 'en';
        $weight = 0.0;
        foreach (explode(',', strtolower($acceptLanguage)) as $range) {
            if (preg_match('/^\s*(zh|en)(?:-[a-z0-9-]+)?\s*(?:;\s*q=([0-9.]+))?\s*$/', $range, $found)) {
                $q = isset($found[2]) ? (float) $found[2] : 1.0;
                if ($q > $weight) {
                    $best = $found[1];
                    $weight = $q;
                }
            }
        }
        return new self($best);
    }

    /** @return ErpSync_Language of the first that is set: LC_ALL, LC_MESSAGES, LANG */
    public static function ofLocale()
    {
        foreach (array('LC_ALL', 'LC_MESSAGES', 'LANG') as $name) {
            $value = (string) getenv($name);
            if ($value !== '') {
                return new self(stripos($value, 'zh') === 0 ? 'zh' : 'en');
            }
        }
        return new self('en');
    }

    /** @param array $values for %s and %d, as vsprintf takes them */
    public function say($english, array $values = array())
    {
        $text = $english;
        if ($this->code === 'zh') {
            $catalog = ErpSync_Chinese::sentences();
            $text = isset($catalog[$english]) ? $catalog[$english] : $english;
        }
        return $values === array() ? $text : vsprintf($text, $values);
    }

    /** What another part of the bridge, or the service, reported: translated by its code. */
    public function problem(array $problem)
    {
        $said = array(
            'code' => isset($problem['code']) ? (string) $problem['code'] : 'unknown',
            'message' => isset($problem['message']) ? (string) $problem['message'] : '',
            'remedy' => isset($problem['remedy']) ? (string) $problem['remedy'] : '',
        );
        if ($this->code === 'zh') {
            $catalog = ErpSync_Chinese::problems();
            if (isset($catalog[$said['code']])) {
                list($said['message'], $said['remedy']) = $catalog[$said['code']];
            } elseif (preg_match('/^http-(\d{3})$/D', $said['code'], $found)) {
                list($said['message'], $said['remedy']) = $catalog['http'];
                $said['message'] = sprintf($said['message'], $found[1]);
            }
        }
        return $said;
    }

    /** @return array the same for something a person has to mend */
    public function setupError(ErpSync_SetupError $error)
    {
        return $this->problem(array(
            'code' => $error->name,
            'message' => $this->say($error->getMessage()),
            'remedy' => $this->say($error->remedy),
        ));
    }
}
